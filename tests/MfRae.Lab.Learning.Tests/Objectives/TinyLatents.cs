using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

/// <summary>Latents 8×2×2 of three classes and a network for them, small enough for milliseconds.</summary>
internal static class TinyLatents
{
    public const int Batch = 16;

    public static readonly DitOptions Sizes = new(16, 1, 2, 16, 1, 2);

    public static LatentBatches Batches(long seed = 0)
    {
        var random = new RandomSource(99, CPU);
        var file = new TensorFile("tiny", new Dictionary<string, Tensor>
        {
            ["latents"] = random.Normal("latents", 0, 24, 8, 2, 2),
            ["labels"] = arange(24, dtype: ScalarType.Int64).remainder(3),
        }, new Dictionary<string, string>());
        return new(file, Batch, new RandomSource(seed, CPU), CPU);
    }

    public static VelocityField Teacher(long seed, ScalarType type = ScalarType.Float32)
    {
        var (network, weights) = Network(interval: false, seed, type);
        return (z, t, y) => network.Velocity(weights, z, t, y);
    }

    /// <summary>A network whose output depends on all of its inputs: none of its layers is left at zero.</summary>
    public static (DitNetwork Network, Weights Weights) Network(bool interval, long seed, ScalarType type = ScalarType.Float32)
    {
        var network = new DitNetwork(Sizes, new LatentShape(8, 2, 2), 3, interval);
        var weights = Weights.Initialise(network.Declare(), new RandomSource(seed, CPU), CPU, type);
        using var quiet = no_grad();
        weights.Flat.add_(new RandomSource(seed, CPU).Normal("perturb", 0, weights.Flat.shape) * 0.1);
        return (network, weights);
    }
}
