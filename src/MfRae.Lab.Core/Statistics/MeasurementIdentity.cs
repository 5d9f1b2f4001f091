using System.Globalization;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Two measurements may be compared only if they are values of the same thing.</summary>
public static class MeasurementIdentity
{
    /// <summary>The first field of the identity in which two measurements differ, or null where they may be compared.</summary>
    public static IdentityConflict? Difference(Measurement one, Measurement other) =>
        Field("metric", one.Metric, other.Metric)
        ?? Field("reference", one.Reference, other.Reference)
        ?? Field("extractor", one.Extractor, other.Extractor)
        ?? Field("preprocessing", one.Preprocessing, other.Preprocessing)
        ?? Field("samples", Text(one.Samples), Text(other.Samples))
        ?? Field("steps", Text(one.Steps), Text(other.Steps))
        ?? Field("guidance", one.Guidance.ToString("R", CultureInfo.InvariantCulture), other.Guidance.ToString(
            "R", CultureInfo.InvariantCulture))
        ?? Field("labels", one.Labels, other.Labels)
        ?? Field("direction", Direction(one), Direction(other));

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

    private static IdentityConflict? Field(string name, string one, string other) =>
        string.Equals(one, other, StringComparison.Ordinal) ? null : new(name, one, other);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Direction(Measurement measurement) => measurement.HigherIsBetter switch
    {
        true => "higher is better",
        false => "lower is better",
        null => "none",
    };
}
