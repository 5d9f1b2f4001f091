using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>What a step of MeanFlow is computed from, in the type of the weights.</summary>
/// <param name="X">[B, C, H, W].</param>
/// <param name="Noise">ε, of the same shape.</param>
/// <param name="R">[B], at most <paramref name="T"/>.</param>
/// <param name="T">[B].</param>
/// <param name="Labels">int64 [B], before the label dropout.</param>
/// <param name="Y">The same after it.</param>
public sealed record MeanFlowBatch(Tensor X, Tensor Noise, Tensor R, Tensor T, Tensor Labels, Tensor Y);
