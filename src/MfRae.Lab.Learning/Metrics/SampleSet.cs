using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>What metrics see of one set of images.</summary>
/// <param name="Features">float32 [N, F].</param>
/// <param name="Logits">float32 [N, classes].</param>
/// <param name="Labels">int64 [N], the classes the images were drawn for.</param>
/// <param name="Latents">Normalised latents of the first samples [K, C, H, W], or null.</param>
/// <param name="TeacherLatents">End points of the teacher's ODE from the same noise [K, C, H, W], or null.</param>
/// <param name="References">Split → its statistics and the SHA-256 of the file they came from.</param>
public sealed record SampleSet(
    Tensor Features,
    Tensor Logits,
    Tensor Labels,
    Tensor? Latents,
    Tensor? TeacherLatents,
    IReadOnlyList<ReferenceSet> References)
{
    public long Count => Labels.shape[0];
}

/// <param name="Split">test or train.</param>
/// <param name="Hash">SHA-256 of the statistics file.</param>
public sealed record ReferenceSet(string Split, FeatureStatistics Statistics, string Hash);
