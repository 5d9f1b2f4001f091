using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>Modes on the diagonal against the mixture with full covariance matrices, in few dimensions.</summary>
[Scoped]
public sealed class DiagonalModesTests
{
    private const double Tolerance = 1e-10;

    private static readonly DiagonalDistributionOptions Options = new(4, 3, 0.7, 0.6);

    private readonly DiagonalModes _modes = new(Options);
    private readonly GaussianMixture _mixture = Twin(Options);

    [Fact]
    public void The_velocity_is_that_of_the_mixture()
    {
        var (z, _, t) = Mixtures.Points(_mixture, 64);
        Difference(_modes.Velocity(z, t), _mixture.Velocity(z, t)).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void The_flow_is_that_of_the_mixture()
    {
        var (z, r, t) = Mixtures.Points(_mixture, 16);
        var (flow, solved) = (OracleDistributions.Flow(_modes, Tolerance), new SolvedFlow(_mixture, Tolerance));

        flow.Should().BeOfType<DiagonalFlow>();
        Difference(flow.AverageVelocity(z, r, t), solved.AverageVelocity(z, r, t)).Should().BeLessThan(1e-8);
        Difference(flow.Jacobian(z, r, t), solved.Jacobian(z, r, t)).Should().BeLessThan(1e-7);
        Difference(flow.AverageVelocity(z, t, t), _mixture.Velocity(z, t)).Should().BeLessThan(1e-12, "over no time it is the velocity");
    }

    [Fact]
    public void Products_with_the_jacobian_are_those_of_the_matrix()
    {
        var (z, r, t) = Mixtures.Points(_mixture, 8);
        var vectors = Mixtures.Random().Normal("vectors", 0, 8, 5, 4).to(float64);
        IFlow flow = new DiagonalFlow(_modes);

        var pushed = flow.Push(z, r, t, vectors);

        Difference(pushed, vectors.matmul(flow.Jacobian(z, r, t).transpose(1, 2))).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void Draws_of_the_noise_have_the_covariance_of_the_mixture()
    {
        const int count = 100_000;
        var (z, _, t) = Mixtures.Points(_mixture, 3);
        var covariance = _mixture.At(z, t).Covariance();
        for (var i = 0; i < 3; i++)
        {
            var (point, time) = (z[i].expand(count, -1), t[i].expand(count));
            var noise = _modes.DrawNoise(point, time, Mixtures.Random(), "noise", 0);
            var deviation = covariance[i].diagonal().max().sqrt().item<double>();
            // Five and ten standard errors.
            noise.mean([0]).abs().max().item<double>().Should().BeLessThan(5 * deviation / Math.Sqrt(count));
            Difference(noise.t().matmul(noise) / count, covariance[i]).Should().BeLessThan(10 * deviation * deviation / Math.Sqrt(count));
        }
    }

    [Fact]
    public void Samples_have_the_mean_and_covariance_of_the_mixture()
    {
        const int count = 100_000;
        var samples = _modes.Sample(Mixtures.Random(), 0, count);
        var between = (_mixture.Means.t().matmul(_mixture.Means) / 3) + (0.36 * eye(4, dtype: float64));

        samples.mean([0]).abs().max().item<double>().Should().BeLessThan(0.02);
        Difference(samples.t().matmul(samples) / count, between).Should().BeLessThan(0.02);
    }

    [Fact]
    public void Closed_forms_agree_with_independent_computations_in_many_dimensions()
    {
        var (velocity, covariance, average, jacobian) = ClosedFormChecks.Of(new DiagonalModes(new(4096)), Mixtures.Random(), 16, 1e-9);

        velocity.Should().BeLessThan(1e-9);
        covariance.Should().BeLessThan(1e-7);
        average.Should().BeLessThan(1e-6);
        jacobian.Should().BeLessThan(1e-4);
    }

    [Fact]
    public void A_network_pushes_vectors_as_its_linearisation_does()
    {
        var trained = TinyTrainedMeanFlow.Of(_mixture, 0);
        var (z, r, t) = Mixtures.Points(_mixture, 6);
        var vectors = Mixtures.Random().Normal("vectors", 0, 6, 4).to(float64);
        var local = TargetErrors.At(trained, z, r, t);

        Difference(trained.Push(z, r, t, vectors), local.J.matmul(vectors.unsqueeze(-1)).squeeze(-1)).Should().BeLessThan(1e-10);
    }

    private static GaussianMixture Twin(DiagonalDistributionOptions options) => new(
        ones(options.Modes, dtype: float64),
        linspace(-options.Separation, options.Separation, options.Modes, dtype: float64).unsqueeze(1).expand(-1, options.Dimension).contiguous(),
        (options.Deviation * options.Deviation * eye(options.Dimension, dtype: float64)).expand(options.Modes, -1, -1).contiguous());

    private static double Difference(Tensor one, Tensor other) => (one - other).abs().max().item<double>();
}
