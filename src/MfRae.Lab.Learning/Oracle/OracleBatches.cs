using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Fresh samples of a distribution at every step, as latents [d, 1, 1] of one class.</summary>
public sealed class OracleBatches(GaussianMixture mixture, int batchSize, RandomSource random, Device device) : ILatentSource
{
    /// <summary>How many classes the samples have.</summary>
    public const int OnlyClass = 1;

    public int BatchSize { get; } = batchSize;

    public LatentShape Shape { get; } = new(mixture.Dimension, 1, 1);

    public int Classes => OnlyClass;

    public RandomSource Random { get; } = random;

    public Device Device { get; } = device;

    /// <summary>The shape of the samples of a distribution.</summary>
    public static LatentShape Shaped(DistributionOptions options) => new(Distributions.Dimension(options), 1, 1);

    public (Tensor X, Tensor Labels) Draw(long step) => (
        mixture.Sample(Random, step, BatchSize).to(float32).view(BatchSize, mixture.Dimension, 1, 1).to(Device),
        zeros(BatchSize, dtype: int64, device: Device));

    public void Dispose()
    {
        // The distribution is the caller's.
    }
}
