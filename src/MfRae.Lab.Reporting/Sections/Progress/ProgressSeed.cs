using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>One run's curve.</summary>
/// <param name="Operations">Floating-point operations over steps; null where the record does not tell.</param>
internal sealed record ProgressSeed(SeriesRecord Series, ProgressLine? Operations, ProgressLine Seconds)
{
    public static ProgressSeed? Of(ReportData data, RunRecord run, ProgressCost cost)
    {
        var stage = data.Stage(run, ProgressSection.Role);
        if (stage?.Series.FirstOrDefault(series => series.Name == MetricNames.SnapshotFid) is not { Steps: [.., > 0 and var last] } series)
        {
            return null;
        }

        // While snapshots are still being measured, the last one is not the end of the training that was paid for.
        var steps = StoredJson.Number(StoredJson.Find(StoredJson.Parse(stage.DefinitionJson), "trainingSteps")) is > 0 and var whole ? whole : last;
        return new(series, cost.Operations(run, steps), cost.Seconds(run, steps));
    }

    public IReadOnlyList<CurvePoint> Points => Curve.Of([Series]);
}
