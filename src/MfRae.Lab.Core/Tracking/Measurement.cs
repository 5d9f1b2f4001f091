namespace MfRae.Lab.Core.Tracking;

/// <summary>
/// A measured value and what it is a value of. Two measurements may be compared only if all but <paramref name="Value"/>,
/// <paramref name="Low"/> and <paramref name="High"/> are equal.
/// </summary>
/// <param name="Metric">fid, fid.train, is, accuracy, endpointError, knn.encoder, …: the name without the number of steps.</param>
/// <param name="Low">Lower end of a 95 % interval, or null.</param>
/// <param name="Samples">Number of samples it was computed from.</param>
/// <param name="Steps">Network evaluations per sample (NFE); 0 where nothing was sampled.</param>
/// <param name="Guidance">Classifier-free guidance scale; 1 is none.</param>
/// <param name="Labels">Label protocol: balanced, …; dataset where the images are the dataset's own.</param>
/// <param name="Extractor">SHA-256 of the feature network's weights, or the empty string where none is used.</param>
/// <param name="Preprocessing">What was done to images before the extractor, e.g. `uint8, 28x28, [-1, 1]`.</param>
/// <param name="Reference">SHA-256 of the reference statistics, or the empty string.</param>
/// <param name="HigherIsBetter">Direction, or null where there is none.</param>
public sealed record Measurement(
    string Metric,
    double? Value,
    double? Low,
    double? High,
    long Samples,
    int Steps,
    double Guidance,
    string Labels,
    string Extractor,
    string Preprocessing,
    string Reference,
    bool? HigherIsBetter)
{
    /// <summary>`fid@1`: the metric and its number of steps; without steps just the metric.</summary>
    public string Key => Steps > 0 ? $"{Metric}@{Steps}" : Metric;
}
