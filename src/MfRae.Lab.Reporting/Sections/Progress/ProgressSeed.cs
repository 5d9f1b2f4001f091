using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>One run's curve.</summary>
/// <param name="Operations">Floating-point operations over steps; null where the record does not tell.</param>
internal sealed record ProgressSeed(SeriesRecord Series, ProgressLine? Operations, ProgressLine Seconds)
{
    public static ProgressSeed? Of(ReportData data, RunRecord run, ProgressCost cost) =>
        data.Stage(run, ProgressSection.Role)?.Series.FirstOrDefault(series => series.Name == MetricNames.SnapshotFid)
            is { Steps: [.., > 0 and var end] } series
            ? new(series, cost.Operations(run, end), cost.Seconds(run, end))
            : null;

    public IReadOnlyList<CurvePoint> Points => Curve.Of([Series]);
}
