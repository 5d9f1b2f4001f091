using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>What all arms build on, measured by itself: teacher, reconstruction, encoder, feature network.</summary>
internal static class ReferenceBlocks
{
    public static IReadOnlyList<ResultsBlock> Of(ReportData data) =>
    [
        .. Blocks(data, "teacherEvaluation", "Teacher", group => Parts.Grid(
            [.. group.Stage.Measurements.OrderBy(measurement => measurement.Steps)],
            measurement => MetricName.Label(measurement.Metric) + " " + MetricName.Arrow(measurement.HigherIsBetter),
            measurement => measurement.Steps > 0 ? Numbers.Plural(measurement.Steps, "step") : "value")),
        .. Blocks(data, "reconstruction", "Reconstruction", group => Parts.Grid(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric) + " " + MetricName.Arrow(measurement.HigherIsBetter),
            _ => "test set")),
        .. Blocks(data, "probe", "Encoder probes", group => Parts.Grid(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric.Split('.')[0]),
            measurement => measurement.Metric.Contains('.') ? measurement.Metric[(measurement.Metric.IndexOf('.') + 1)..] : "value")),
        .. Blocks(data, "features", "Feature network", group => Parts.Grid(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric),
            _ => "value")),
    ];

    private static IEnumerable<ResultsBlock> Blocks(ReportData data, string role, string title, Func<RoleGroup, Html> table) =>
        from reference in data.Role(role)
        where reference.Stage.Measurements.Count > 0
        select new ResultsBlock(data.Shared(reference) ? title : $"{title} of {reference.Names}", Note(data, reference), table(reference));

    /// <summary>The number of samples, and a warning where these numbers are not values of the same thing as the arms'.</summary>
    private static string Note(ReportData data, RoleGroup reference)
    {
        var samples = reference.Stage.Measurements.Select(measurement => measurement.Samples).Distinct().Order();
        var note = "n " + string.Join(", ", samples.Select(Numbers.Count));
        var arms = data.Keys.SelectMany(key => data.Compare(key).Arms).SelectMany(arm => arm.Measured).Select(seed => seed.Measurement)
            .DistinctBy(measurement => measurement.Metric);
        var conflicts =
            from arm in arms
            from measurement in reference.Stage.Measurements
            where measurement.Metric == arm.Metric
            let conflict = MeasurementIdentity.Difference(measurement with { Steps = 0 }, arm with { Steps = 0 })
            where conflict is not null
            select $"{arm.Metric} {conflict}";
        return string.Join("; ", conflicts.Distinct().Prepend(note));
    }
}
