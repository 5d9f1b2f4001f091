using System.Globalization;

namespace MfRae.Lab.Core.Metrics;

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
/// (<see cref="MfRae.Lab.Core.Metrics.DeviceClass"/>); empty where the value is arithmetic of the options.</param>
/// <param name="Noise">How the noise of samples is chosen: `fixed:SEED` where all runs use one set, `run` where it follows the run's seed;
/// empty where nothing is sampled. It is a rule and never a run's seed, so values of several seeds have one identity.</param>
/// <param name="Setting">Everything else that defines the value, as `name=value` with spaces between
/// (<see cref="MfRae.Lab.Core.Metrics.MeasurementSetting"/>); empty where nothing does. <paramref name="Device"/>, <paramref name="Noise"/> and this are null
/// only in journals of earlier versions and until a worker or a reader adds them (<see cref="MfRae.Lab.Core.Metrics.Lineage"/>).</param>
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

/// <summary>Two measurements may be compared only if they are values of the same thing.</summary>
public static class MeasurementIdentity
{
    private const string Unknown = "not recorded";

    /// <summary>The first field of the identity in which two measurements differ, or null where they may be compared.</summary>
    public static IdentityConflict? Difference(Measurement one, Measurement other) => Differences(one, other).FirstOrDefault();

    /// <summary>Every field of the identity in which two measurements differ; none where they may be compared.</summary>
    public static IEnumerable<IdentityConflict> Differences(Measurement one, Measurement other) =>
        Fields(one).Zip(Fields(other))
            .Where(pair => !string.Equals(pair.First.Value, pair.Second.Value, StringComparison.Ordinal))
            .Select(pair => new IdentityConflict(pair.First.Name, pair.First.Value, pair.Second.Value));

    /// <summary>The first difference between the first measurement and any other, or null.</summary>
    public static IdentityConflict? Difference(IEnumerable<Measurement> measurements)
    {
        Measurement? first = null;
        foreach (var measurement in measurements)
        {
            first ??= measurement;
            if (Difference(first, measurement) is { } conflict)
            {
                return conflict;
            }
        }

        return null;
    }

    private static IEnumerable<(string Name, string Value)> Fields(Measurement measurement) =>
    [
        ("metric", measurement.Metric),
        ("reference", measurement.Reference),
        ("extractor", measurement.Extractor),
        ("preprocessing", measurement.Preprocessing),
        ("samples", Text(measurement.Samples)),
        ("steps", Text(measurement.Steps)),
        ("guidance", measurement.Guidance.ToString("R", CultureInfo.InvariantCulture)),
        ("labels", measurement.Labels),
        ("direction", Direction(measurement)),
        ("device", measurement.Device ?? Unknown),
        ("noise", measurement.Noise ?? Unknown),
        ("setting", measurement.Setting ?? Unknown),
    ];

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Direction(Measurement measurement) => measurement.HigherIsBetter switch
    {
        true => "higher is better",
        false => "lower is better",
        null => "none",
    };
}

/// <summary>Why two measurements are not compared.</summary>
/// <param name="Field">The field of the identity that differs: reference, extractor, samples, …</param>
public sealed record IdentityConflict(string Field, string One, string Other)
{
    /// <summary>What stands in a report instead of a number.</summary>
    public override string ToString() => $"not comparable: {Field} differs";
}
