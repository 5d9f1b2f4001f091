using System.Globalization;

namespace MfRae.Lab.Core.Metrics;

/// <summary>
/// A measured value and its identity. Two measurements may be compared only if all fields except <paramref name="Value"/>,
/// <paramref name="Low"/> and <paramref name="High"/> are equal.
/// </summary>
/// <param name="Metric">fid, fid.train, is, accuracy, endpointError, knn.encoder, …: the name without the number of steps.</param>
/// <param name="Value">The value, or null if it was not finite.</param>
/// <param name="Low">Lower end of a 95 % interval, or null.</param>
/// <param name="High">Upper end of the interval, or null.</param>
/// <param name="Samples">Number of samples it was computed from.</param>
/// <param name="Steps">Network evaluations per sample (NFE); 0 without sampling.</param>
/// <param name="Guidance">Classifier-free guidance scale; 1 without guidance.</param>
/// <param name="Labels">Label protocol: balanced, …; dataset for images of the dataset.</param>
/// <param name="Extractor">SHA-256 of the feature network's weights, or the empty string without a network.</param>
/// <param name="Preprocessing">The preprocessing of images before the extractor, e.g. `uint8, 28x28, [-1, 1]`.</param>
/// <param name="Reference">SHA-256 of the reference statistics, or the empty string.</param>
/// <param name="HigherIsBetter">Direction, or null if it has none.</param>
/// <param name="Device">Device classes of all computed stages behind the value, such as `cpu` or `cpu+cuda`
/// (<see cref="MfRae.Lab.Core.Metrics.DeviceClass"/>); empty for values calculated from the options.</param>
/// <param name="Noise">How the noise of samples is chosen: `fixed:SEED` if all runs use the same noise, `file:HASH` if a file has it, `run` if it depends
/// on the run's seed; empty without sampling. It is a rule and not the seed of a run, so values of several seeds have the same identity.</param>
/// <param name="Setting">All other settings that define the value, as `name=value` separated by spaces
/// (<see cref="MfRae.Lab.Core.Metrics.MeasurementSetting"/>). <paramref name="Device"/>, <paramref name="Noise"/> and this are null only in
/// journals of earlier versions and until a worker or a reader adds them (<see cref="MfRae.Lab.Core.Metrics.Lineage"/>).</param>
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
    /// <summary>
    /// A value of the dataset's own images, without sampling. Extractor, preprocessing, reference and interval are set by `with`; the
    /// direction is that of <see cref="MetricCatalogue"/>, as for all factories.
    /// </summary>
    public static Measurement OfDataset(string metric, double? value, long samples) => OfSamples(metric, value, samples, 0, 1, "dataset");

    /// <summary>A value of generated samples.</summary>
    /// <param name="steps">Network evaluations per sample.</param>
    /// <param name="guidance">Guidance scale; 1 without guidance.</param>
    /// <param name="labels">Label protocol, such as balanced.</param>
    public static Measurement OfSamples(string metric, double? value, long samples, int steps, double guidance, string labels) =>
        new(metric, value, null, null, samples, steps, guidance, labels, "", "", "", MetricCatalogue.HigherIsBetter(metric));

    /// <summary>A value measured against an oracle, in float64.</summary>
    /// <param name="distribution">SHA-256 of the oracle's distribution.</param>
    public static Measurement OfOracle(string metric, double? value, long samples, int steps, string distribution) =>
        OfSamples(metric, value, samples, steps, 1, "oracle") with { Preprocessing = "float64", Reference = distribution };

    /// <summary>`fid@1`: the metric and its number of steps; without steps, the metric.</summary>
    public string Key => Steps > 0 ? $"{Metric}@{Steps}" : Metric;
}

/// <summary>Compares the identities of measurements: only measurements with the same identity may be compared.</summary>
public static class MeasurementIdentity
{
    private const string Unknown = "not recorded";

    /// <summary>The first field of the identity in which two measurements differ, or null if they may be compared.</summary>
    public static IdentityConflict? Difference(Measurement one, Measurement other) => Differences(one, other).FirstOrDefault();

    /// <summary>All fields of the identity in which two measurements differ; empty if they may be compared.</summary>
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

    /// <summary>
    /// How a value was measured, as a text: every recorded field of the identity except metric and steps. Two values of a metric may be compared if
    /// these texts are equal.
    /// </summary>
    public static string Text(Measurement measurement) => string.Join(", ",
        from field in Fields(measurement)
        where field.Name is not ("metric" or "steps") && field.Value.Length > 0
        select $"{field.Name} {field.Value}");

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

/// <summary>The reason why two measurements are not compared.</summary>
/// <param name="Field">The field of the identity that differs: reference, extractor, samples, …</param>
public sealed record IdentityConflict(string Field, string One, string Other)
{
    /// <summary>The text that a report shows instead of a number.</summary>
    public override string ToString() => $"not comparable: {Field} differs";
}
