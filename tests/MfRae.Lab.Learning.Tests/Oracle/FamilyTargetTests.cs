using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>
/// The targets of the family at the exact mean flow of a Gaussian (docs/method.md §5): their mean over v̂ given z, which is the bias, and their
/// noise. The mean flow is affine in z, so the cubature of v̂ gives both exactly.
/// </summary>
[Scoped]
public sealed class FamilyTargetTests
{
    private const int Points = 24;

    // Float64 values of about 1 to 10, after a few hundred operations.
    private const double Rounding = 1e-10;

    // A central difference at 1e-4 of a function of size 1 is off by about 1e-8.
    private const double ByDifference = 1e-6;

    private static readonly TrainingOptions Training = new(1);
    private static readonly DitOptions Sizes = new(16, 1, 2, 16, 1, 2);

    private readonly GaussianMixture _mixture = Mixtures.Of("gaussian");
    private readonly Tensor _z;
    private readonly Tensor _r;
    private readonly Tensor _t;
    private readonly IFlow _flow;
    private readonly Posterior _posterior;

    public FamilyTargetTests()
    {
        (_z, _r, _t) = Mixtures.Points(_mixture, Points);
        _r.mul_(0.9);
        _flow = OracleDistributions.Flow(_mixture, 1e-10);
        _posterior = _mixture.At(_z, _t);
    }

    public static TheoryData<double> Parts => [0.001, 0.3, 0.5, 0.999];

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_split_interval_has_the_mean_flow_as_target_without_bias_and_noise(double part)
    {
        var middle = lerp(_t, _r, tensor(part, float64));
        var target = Target(
            new SplitMeanFlowOptions(Sizes, new UniformTimeOptions(), new PlainLossWeightOptions(), Training),
            randn_like(_z), new(middle, _r < _t, null));
        Distance(target, Exact()).Should().BeLessThan(Rounding);
    }

    [Fact]
    public void Samples_without_an_interval_have_the_velocity_as_target()
    {
        var onePoint = randn_like(_z);
        var target = Target(
            new ShortcutOptions(Sizes, new UniformTimeOptions(), new PlainLossWeightOptions(), Training),
            onePoint, new(_t, zeros_like(_t, dtype: ScalarType.Bool), null));
        Distance(target, onePoint).Should().Be(0);
    }

    [Fact]
    public void Along_the_networks_own_velocity_the_target_is_unbiased_and_has_the_noise_of_the_data()
    {
        var options = new LambdaMeanFlowOptions(
            0, Sizes, new UniformTimeOptions(), new CentralDifferenceOptions(1e-4, ClampEnds: false), new PlainLossWeightOptions(), Training,
            Tangent: LambdaMeanFlowOptions.NetworkTangent);
        var (mean, variance) = Moments(options);
        Distance(mean, Exact()).Should().BeLessThan(ByDifference);
        Relative(variance, TargetErrors.Trace(_posterior.Covariance())).Should().BeLessThan(ByDifference);
    }

    [Fact]
    public void Along_the_one_point_velocity_the_flow_map_amplifies_the_noise()
    {
        var options = new LambdaMeanFlowOptions(
            0, Sizes, new UniformTimeOptions(), new CentralDifferenceOptions(1e-4, ClampEnds: false), new PlainLossWeightOptions(), Training);
        var (mean, variance) = Moments(options);
        Distance(mean, Exact()).Should().BeLessThan(ByDifference);
        Relative(variance, Carried(_r, _t)).Should().BeLessThan(ByDifference);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public void A_step_of_alpha_has_the_bias_of_Eulers_method_and_alpha_squared_times_the_noise_of_the_rest(double alpha)
    {
        var length = alpha * (_t - _r);
        var s = _t - length;
        var velocity = _posterior.Velocity();
        var predicted = (alpha * velocity)
            + ((1 - alpha) * _flow.AverageVelocity(_z - (length.unsqueeze(1) * velocity), _r, s));

        var (mean, variance) = Moments(Alpha(alpha));

        Distance(mean, predicted).Should().BeLessThan(Rounding);
        Relative(variance, alpha * alpha * Carried(_r, s)).Should().BeLessThan(1e-8, "α² J C Jᵀ, with J from s to r");
    }

    [Fact]
    public void The_bias_of_a_step_of_alpha_falls_with_its_square()
    {
        double Bias(double alpha) => (Moments(Alpha(alpha)).Mean - Exact()).norm().item<double>();
        Bias(1).Should().BeGreaterThan(0.1, "trajectory flow matching learns the velocity");
        // The terms of third order are a few per cent of those of second order here.
        (Bias(0.02) / Bias(0.01)).Should().BeInRange(3.5, 4.5);
    }

    [Fact]
    public void A_clamp_bounds_the_targets_of_intervals_only()
    {
        var options = Alpha(0.5) with { Clamp = 0.25 };
        Target(options, randn_like(_z)).abs().max().item<double>().Should().BeLessThanOrEqualTo(0.25);
        var onePoint = 3 * ones_like(_z);
        var objective = IMeanFlowTarget.Create(options, null, 1);
        Distance(objective.Regress(Field, Samples(_z, onePoint, _t, _t), 0).Target.flatten(1), onePoint).Should().Be(0);
    }

    private static AlphaFlowOptions Alpha(double alpha) => new(
        Sizes, new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), Training,
        new AlphaScheduleOptions("step", alpha, alpha, Clamp: 0), Clamp: 0);

    private Tensor Exact() => _flow.AverageVelocity(_z, _r, _t);

    // tr(J C Jᵀ) with J from a time to r and C at the points.
    private Tensor Carried(Tensor r, Tensor from)
    {
        // The Jacobian of a Gaussian's flow does not depend on the point.
        var jacobian = _flow.Jacobian(_z, r, from);
        return TargetErrors.Trace(TargetErrors.Propagate(jacobian, _posterior.Covariance()));
    }

    private Tensor Target(IMeanFlowTraining options, Tensor onePoint, SplitTimes? split = null) =>
        IMeanFlowTarget.Create(options, null, 1).Regress(Field, Samples(_z, onePoint, _r, _t, split), 0).Target.flatten(1);

    // The mean of the target over v̂ given z [B, d], and its summed variance [B].
    private (Tensor Mean, Tensor Variance) Moments(IMeanFlowTraining options)
    {
        var (nodes, weights) = _posterior.Cubature();
        var count = nodes.shape[1];
        Tensor Each(Tensor all) => all.repeat_interleave(count, 0);
        var target = IMeanFlowTarget.Create(options, null, 1)
            .Regress(Field, Samples(Each(_z), nodes.flatten(0, 1), Each(_r), Each(_t)), 0).Target.view(Points, count, -1);
        var mean = (target * weights.unsqueeze(2)).sum(1);
        return (mean, ((target - mean.unsqueeze(1)).square().sum(2) * weights).sum(1));
    }

    private static MeanFlowSamples Samples(Tensor z, Tensor onePoint, Tensor r, Tensor t, SplitTimes? split = null)
    {
        var labels = Linearisation.Labels(z);
        return new(Linearisation.Latent(z), Linearisation.Latent(onePoint), r, t, labels, labels, split);
    }

    private IAverageVelocity Field(Func<int, Tensor> labels) => new ClosedForm(_flow);

    private static double Distance(Tensor one, Tensor other) => (one - other).abs().max().item<double>();

    private static double Relative(Tensor one, Tensor other) => ((one - other).abs() / other).max().item<double>();

    /// <summary>The exact mean flow as an average velocity.</summary>
    private sealed class ClosedForm(IFlow flow) : IAverageVelocity
    {
        public Tensor At(Tensor z, Tensor r, Tensor t, int[] probes) =>
            flow.AverageVelocity(z.flatten(1), r, t).reshape(z.shape);

        public Dual At(Dual z, Dual r, Dual t) => throw new NotSupportedException("the tests use differences");

        public IAverageVelocity Rows(Tensor rows) => this;
    }
}
