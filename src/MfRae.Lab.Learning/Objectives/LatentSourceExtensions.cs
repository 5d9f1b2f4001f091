using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>What an objective draws beside the data, of the source's shape and classes.</summary>
public static class LatentSourceExtensions
{
    /// <summary>Replaces a share of the labels by the null label.</summary>
    public static Tensor Drop(this ILatentSource source, Tensor labels, double share, string purpose, long step) => share > 0
        ? where(source.Random.Uniform(purpose, step, labels.shape[0]) < share, full_like(labels, source.Classes), labels)
        : labels;

    /// <summary>ε float32 [B, C, H, W].</summary>
    public static Tensor Noise(this ILatentSource source, long step, long batch) =>
        source.Random.Normal("noise", step, batch, source.Shape.Channels, source.Shape.Rows, source.Shape.Columns);
}
