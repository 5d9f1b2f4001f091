using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using MfRae.Lab.Learning.Tests.Objectives;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>Errors of estimates for a tiny network, compared with their predictions.</summary>
[Scoped]
public sealed class DerivativeStudyTests
{
    private static readonly double[] Steps = [1e-4, 1e-3, 1e-2, 5e-2];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void In_float64_the_error_is_the_truncation_that_higher_derivatives_foretell(bool central)
    {
        using var scope = NewDisposeScope();
        var (study, errors, _) = Run(Difference(central), "float64");

        study.Deltas.Should().Equal([1e-4, 1e-3, 5e-3, 1e-2, 5e-2], "the estimator's own step is one of those that are measured");
        study.Own.Should().Be(2);
        foreach (var error in errors)
            (error.Measured!.Value / error.Predicted!.Value).Should().BeInRange(0.8, 1.25);
        // Below 1e-3 the higher orders are nothing, and forward mode is exact.
        (errors[1].Measured!.Value / errors[1].Truncation!.Value).Should().BeApproximately(1, 1e-2);
    }

    [Theory]
    [InlineData("float32", 1e-7, 1e-4)]
    [InlineData("tf32", 1e-4, 3e-2)]
    [InlineData("bfloat16", 1e-3, 2e-1)]
    public void A_narrower_precision_loses_more_and_at_small_steps_as_much_more_as_the_step_is_smaller(
        string precision, double least, double most)
    {
        using var scope = NewDisposeScope();
        var (_, errors, loss) = Run(new CentralDifferenceOptions(), precision);

        loss.Should().BeInRange(least, most);
        var first = errors[0];
        first.Rounding!.Value.Should().BeApproximately(loss / 2e-4, 0.3 * loss / 2e-4, "both probes are 1e-4 away, but for few samples");
        (first.Measured!.Value / first.Predicted!.Value).Should().BeInRange(0.6, 1.7);
    }

    [Theory]
    [InlineData(false, "float32", 1e-5)]
    [InlineData(true, "float32", 1e-5)]
    [InlineData(false, "float64", 1e-12)]
    [InlineData(true, "float64", 1e-12)]
    [InlineData(false, "tf32", 1e-1)]
    public void An_exact_estimator_is_off_by_its_arithmetic_alone(bool twice, string precision, double most)
    {
        using var scope = NewDisposeScope();
        var (study, errors, _) = Run(twice ? new JvpDoubleBackwardOptions() : new JvpOptions(), precision);

        study.Deltas.Should().Equal([null], "it has no step");
        errors.Should().ContainSingle().Which.Should().Match<DerivativeErrors>(error =>
            error.Measured < most && error.Median <= error.Tail && error.Predicted == null);
    }

    [Fact]
    public void Probes_that_see_other_labels_are_no_derivative()
    {
        using var scope = NewDisposeScope();
        var (_, errors, _) = Run(new CentralDifferenceOptions(SharedDropout: false), "float64", dropout: 0.3);

        errors[0].Measured.Should().BeGreaterThan(100 * errors[0].Predicted!.Value);
    }

    private static DerivativeOptions Difference(bool central) => central ? new CentralDifferenceOptions() : new ForwardDifferenceOptions();

    private static (DerivativeStudy Study, List<DerivativeErrors> Errors, double Loss) Run(
        DerivativeOptions derivative, string precision, double dropout = 0)
    {
        using var quiet = no_grad();
        var options = new DerivativeErrorOptions(derivative, new UniformTimeOptions(), Steps, precision, LabelDropout: dropout);
        var spec = TinyLatents.Network(interval: true, 1);
        var exact = Widened(spec.Network, spec.Weights);
        var weights = precision == "float64" ? exact : spec.Weights;
        weights.Precision = Precision.Of(precision);
        var study = new DerivativeStudy(options, spec.Network, exact, weights);
        var errors = study.Deltas.Select(_ => new DerivativeErrors()).ToList();
        var points = new DerivativeSampler(options, TinyLatents.Batches(), TinyLatents.Teacher(2)).Draw(0);

        var loss = study.Add(points, errors);

        return (study, errors, loss is null ? 0 : loss.square().mean().sqrt().item<double>());
    }

    private static Weights Widened(DitNetwork network, Weights weights)
    {
        var wide = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU, ScalarType.Float64);
        wide.CopyMatching(weights);
        return wide;
    }
}
