using MfRae.Lab.Learning.Metrics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Statistics of a set of images as a file holds them.</summary>
/// <param name="Layout">Whose layout it is.</param>
/// <param name="Pool">Of the features, or null where the file has features instead.</param>
/// <param name="Spatial">Of the maps that sFID sees, or null.</param>
/// <param name="Features">float32 [N, F], or null.</param>
/// <param name="Identity">Null where the file does not say what it was computed by.</param>
/// <param name="Count">How many images they are of, or null where the file does not say.</param>
/// <param name="Hash">SHA-256 of the file.</param>
internal sealed record StoredStatistics(
    string Path,
    string Layout,
    FeatureStatistics? Pool,
    FeatureStatistics? Spatial,
    Tensor? Features,
    FeatureIdentity? Identity,
    long? Count,
    string Hash);
