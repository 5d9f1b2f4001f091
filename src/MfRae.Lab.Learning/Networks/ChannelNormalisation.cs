using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>Mean and deviation of each colour, by which an encoder's pixels are normalised.</summary>
public sealed record ChannelNormalisation(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>What networks trained on ImageNet expect, for pixels in [0, 1].</summary>
    public static ChannelNormalisation ImageNet { get; } = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>pixels [B, C, H, W] in [0, 1] → the same shape.</summary>
    public Tensor Apply(Tensor pixels) => (pixels - PerChannel(Mean, pixels)) / PerChannel(Deviation, pixels);

    /// <summary>The way back to [0, 1], not clamped.</summary>
    public Tensor Undo(Tensor normalised) => addcmul(PerChannel(Mean, normalised), normalised, PerChannel(Deviation, normalised), 1);

    private static Tensor PerChannel(IReadOnlyList<double> values, Tensor like) =>
        tensor(values.ToArray(), [values.Count, 1, 1], dtype: like.dtype, device: like.device);
}
