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
/// <param name="Device">Device classes of all computed stages behind the value, such as `cpu` or `cpu+cuda`
/// (<see cref="Identity.DeviceClass"/>); empty where the value is arithmetic of the options.</param>
/// <param name="Noise">How the noise of samples is chosen: `fixed:SEED` where all runs use one set, `run` where it follows the run's seed;
/// empty where nothing is sampled. It is a rule and never a run's seed, so values of several seeds have one identity.</param>
/// <param name="Setting">Everything else that defines the value, as `name=value` with spaces between
/// (<see cref="Identity.MeasurementSetting"/>); empty where nothing does. <paramref name="Device"/>, <paramref name="Noise"/> and this are null
/// only in journals of earlier versions and until a worker or a reader adds them (<see cref="Identity.Lineage"/>).</param>
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
    bool? HigherIsBetter,
    string? Device = null,
    string? Noise = null,
    string? Setting = null)
{
    /// <summary>`fid@1`: the metric and its number of steps; without steps just the metric.</summary>
    public string Key => Steps > 0 ? $"{Metric}@{Steps}" : Metric;
}
