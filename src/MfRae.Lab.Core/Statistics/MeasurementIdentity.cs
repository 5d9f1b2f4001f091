using System.Globalization;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

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
