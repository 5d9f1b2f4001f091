using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>A set of images that samples are compared with.</summary>
/// <param name="Split">test, train, or the name of the set.</param>
/// <param name="Hash">SHA-256 of the statistics file.</param>
/// <param name="Spatial">Statistics of spatial features for sFID, or null.</param>
/// <param name="Features">float32 [M, F], rows that were kept for metrics that statistics do not serve; or null.</param>
/// <param name="Labels">int64 [M], the classes of those rows; or null.</param>
public sealed record ReferenceSet(
    string Split,
    FeatureStatistics Statistics,
    string Hash,
    FeatureStatistics? Spatial = null,
    Tensor? Features = null,
    Tensor? Labels = null);
