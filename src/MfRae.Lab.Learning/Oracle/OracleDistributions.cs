using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Distributions and flows from options.</summary>
public static class OracleDistributions
{
    /// <summary>The distribution of each kind of options.</summary>
    public static IDistribution Create(DistributionOptions options) => options switch
    {
        GaussianDistributionOptions gaussian => Gaussian(gaussian),
        RingDistributionOptions ring => Ring(ring),
        LineDistributionOptions line => Line(line),
        DiagonalDistributionOptions diagonal => new DiagonalModes(diagonal),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no distribution"),
    };

    /// <summary>d, computed without a tensor.</summary>
    public static int Dimension(DistributionOptions options) => options switch
    {
        GaussianDistributionOptions gaussian => gaussian.Mean.Count,
        RingDistributionOptions => 2,
        LineDistributionOptions => 1,
        DiagonalDistributionOptions diagonal => diagonal.Dimension,
        _ => throw new NotSupportedException($"{options.GetType().Name} has no dimension"),
    };

    /// <summary>The flow of a distribution: in closed form if possible, otherwise by the solver.</summary>
    public static IFlow Flow(IDistribution distribution, double tolerance) => distribution switch
    {
        DiagonalModes modes => new DiagonalFlow(modes),
        GaussianMixture { Components: 1 } one => new GaussianFlow(one.Means[0], one.Covariances[0]),
        GaussianMixture { Dimension: 1 } line => new QuantileFlow(line),
        GaussianMixture mixture => new SolvedFlow(mixture, tolerance),
        _ => throw new NotSupportedException($"{distribution.GetType().Name} has no flow"),
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

/// <summary>Fresh samples of a distribution at every step, as latents [d, 1, 1] of one class.</summary>
public sealed class OracleBatches(IDistribution distribution, int batchSize, RandomSource random, Device device) : ILatentSource
{
    /// <summary>The number of classes of the samples.</summary>
    public const int ClassCount = 1;

    /// <inheritdoc/>
    public int BatchSize { get; } = batchSize;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = new(distribution.Dimension, 1, 1);

    /// <inheritdoc/>
    public int Classes => ClassCount;

    /// <inheritdoc/>
    public RandomSource Random { get; } = random;

    /// <inheritdoc/>
    public Device Device { get; } = device;

    /// <summary>The shape of the samples of a distribution.</summary>
    public static LatentShape ShapeOf(DistributionOptions options) => new(OracleDistributions.Dimension(options), 1, 1);

    /// <inheritdoc/>
    public (Tensor X, Tensor Labels) Draw(long step) => (
        distribution.Sample(Random, step, BatchSize).to(float32).view(BatchSize, distribution.Dimension, 1, 1).to(Device),
        zeros(BatchSize, dtype: int64, device: Device));

    /// <inheritdoc/>
    public void Dispose()
    {
        // The distribution belongs to the caller.
    }
}

/// <summary>v_φ = v + δ: the exact velocity of a distribution with an error of known form (docs/method.md §6).</summary>
public sealed class OracleTeacher(IDistribution distribution, TeacherBiasOptions bias)
{
    /// <summary>δ(z, t) in float64: z [B, d], t [B] → [B, d].</summary>
    public Tensor Bias(Tensor z, Tensor t) => bias switch
    {
        NoBiasOptions => zeros_like(z),
        ConstantBiasOptions constant => tensor(constant.Vector.ToArray()).expand_as(z),
        ScaledBiasOptions scaled => scaled.Share * distribution.Velocity(z, t),
        SmoothBiasOptions smooth => smooth.Size * (z * (2 * Math.PI / smooth.Wavelength)).sin(),
        _ => throw new NotSupportedException($"{bias.GetType().Name} has no field"),
    };

    /// <summary>v_φ(z, t, y) for latents [B, d, 1, 1], in their precision and on their device. Labels are ignored.</summary>
    public VelocityField Field => (z, t, _) =>
    {
        var (point, time) = (z.flatten(1).to(float64).cpu(), t.to(float64).cpu());
        return (distribution.Velocity(point, time) + Bias(point, time)).to(z.dtype).to(z.device).view(z.shape);
    };
}
