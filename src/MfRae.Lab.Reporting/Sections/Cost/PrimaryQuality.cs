using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>The primary metric at every number of steps, and whether values of it can be better than others.</summary>
internal sealed class PrimaryQuality
{
    private readonly Measurement[] measured;

    public PrimaryQuality(ReportData data)
    {
        Metric = data.Record.PrimaryMetric.Split('@')[0];
        var keys = data.Keys.Where(key => key.Split('@')[0] == Metric).ToArray();
        Steps = keys.ToDictionary(key => key, key => Measured(data, key).First().Steps);
        Keys = [.. keys.OrderBy(key => Steps[key])];
        measured = [.. keys.SelectMany(key => Measured(data, key))];
        var conflict = MeasurementIdentity.Difference(measured.Select(measurement => measurement with { Steps = 0 }));
        var aimless = measured.Length > 0 && measured[0].HigherIsBetter is null;
        Obstacle = conflict?.ToString() ?? (aimless ? "the metric has no better direction" : null);
    }

    /// <summary>Without its number of steps.</summary>
    public string Metric { get; }

    public string Label => MetricName.Label(Metric);

    /// <summary>By ascending numbers of steps.</summary>
    public IReadOnlyList<string> Keys { get; }

    public IReadOnlyDictionary<string, int> Steps { get; }

    /// <summary>Why no value can be said to be better than another; null where it can.</summary>
    public string? Obstacle { get; }

    /// <summary>The front of some points, by ascending cost; none where values are not compared.</summary>
    public IReadOnlyList<CostPoint> Front(IReadOnlyList<CostPoint> points) => Obstacle is not null ? [] :
    [
        .. ParetoFront.Of([.. points.Select(point => (point.Cost, point.Quality))], measured.FirstOrDefault()?.HigherIsBetter == true)
            .Select(at => points[at]),
    ];

    private static IEnumerable<Measurement> Measured(ReportData data, string key) =>
        data.Compare(key).Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement);
}
