using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>What a network says and what it should say, sample by sample.</summary>
/// <param name="Output">[B, C, H, W], with gradient.</param>
/// <param name="Target">[B, C, H, W], held fixed.</param>
public sealed record Regression(Tensor Output, Tensor Target)
{
    /// <summary>[B, C, H, W].</summary>
    public Tensor Difference { get; } = Output - Target;
}
