using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Mixtures and flows from options.</summary>
public static class Distributions
{
    public static GaussianMixture Create(DistributionOptions options) => options switch
    {
        GaussianDistributionOptions gaussian => Gaussian(gaussian),
        RingDistributionOptions ring => Ring(ring),
        LineDistributionOptions line => Line(line),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no mixture"),
    };

    /// <summary>d, without a tensor.</summary>
    public static int Dimension(DistributionOptions options) => options switch
    {
        GaussianDistributionOptions gaussian => gaussian.Mean.Count,
        RingDistributionOptions => 2,
        LineDistributionOptions => 1,
        _ => throw new NotSupportedException($"{options.GetType().Name} has no dimension"),
    };

    /// <summary>The flow of a mixture: in closed form where there is one, else by the solver.</summary>
    public static IFlow Flow(GaussianMixture mixture, double tolerance) => mixture switch
    {
        { Components: 1 } => new GaussianFlow(mixture.Means[0], mixture.Covariances[0]),
        { Dimension: 1 } => new QuantileFlow(mixture),
        _ => new SolvedFlow(mixture, tolerance),
    };

    private static GaussianMixture Gaussian(GaussianDistributionOptions options)
    {
        var size = options.Mean.Count;
        return new(
            ones(1, dtype: float64),
            tensor(options.Mean.ToArray()).view(1, size),
            tensor(options.Covariance.SelectMany(row => row).ToArray()).view(1, size, size));
    }

    private static GaussianMixture Ring(RingDistributionOptions options)
    {
        var angles = arange(options.Modes, dtype: float64) * (2 * Math.PI / options.Modes);
        var round = options.Deviation * options.Deviation * eye(2, dtype: float64);
        return new(
            ones(options.Modes, dtype: float64),
            options.Radius * stack([angles.cos(), angles.sin()], 1),
            round.expand(options.Modes, 2, 2).contiguous());
    }

    private static GaussianMixture Line(LineDistributionOptions options) => new(
        tensor(options.Weights.ToArray()),
        tensor(options.Means.ToArray()).unsqueeze(1),
        tensor(options.Deviations.ToArray()).square().view(-1, 1, 1));
}
