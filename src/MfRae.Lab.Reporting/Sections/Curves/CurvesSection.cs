using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Curves;

internal sealed class CurvesSection : ISection
{
    /// <summary>
    /// Roles of stages with curves, the most interesting first: training stages, and samplings by other programs, which may log their training.
    /// </summary>
    private static readonly string[] Roles = ["meanflow", "cmt", TrainingCurves.External, "teacher", "decoder", "encoder", "features"];

    public string Name => "Curves";

    public string Title => "Curves";

    public object Model(ReportData data)
    {
        var metric = Root(data.Record.PrimaryMetric);
        var own = data.Role("evaluation").SelectMany(group => group.Stage.Measurements)
            .Where(measurement => measurement.HigherIsBetter is not null)
            .Select(measurement => measurement.Key)
            .ToHashSet();
        var shown = data.Keys.Where(key => Root(key) == metric || own.Contains(key)).ToLookup(key => Root(key) == metric);
        var budget = CurveBudget.Of(data, Roles);
        return new
        {
            Quality = Charts(data, shown[true]),
            OtherMetrics = Charts(data, shown[false]),
            Machine = MachineCurves.Of(data, Roles, budget),
            Stages = Roles.Select(role => TrainingCurves.Of(data, role, budget)).OfType<CurvesStage>().ToArray(),
        };
    }

    private static Html[] Charts(ReportData data, IEnumerable<string> keys) =>
        [.. keys.Select(key => MetricChart.Of(data, key).Draw()).Where(chart => !chart.IsEmpty)];

    private static string Root(string key) => key.Split('@')[0];
}

/// <summary>The series of one kind of stage.</summary>
/// <param name="Folded">Whether the charts are collapsed.</param>
internal sealed record CurvesStage(string Title, string Note, bool Folded, IReadOnlyList<LegendKey> Legend, IReadOnlyList<Html> Charts, SqlQuery Sql);

/// <summary>One metric over the arms, with comparable values of the teacher as dashed lines.</summary>
internal static class MetricChart
{
    public static DotChart Of(ReportData data, string key)
    {
        var comparison = data.Compare(key);
        // While only pilot seeds have run, there are no other values.
        var measurement = comparison.Arms.SelectMany(arm => arm.Measured.Concat(arm.Pilots)).First().Measurement;
        var direction = measurement.HigherIsBetter switch { true => " (higher is better)", false => " (lower is better)", null => "" };
        return new(
            MetricName.Label(measurement),
            key + direction,
            [.. data.Arms.Select(arm => Row(arm, comparison))],
            TeacherLines.Of(data, measurement),
            value => Numbers.Significant(value));
    }

    private static DotRow Row(ArmView arm, ExperimentComparison comparison)
    {
        var sample = arm.Of(comparison);
        var baseline = comparison.Arms.First(other => other.Arm == comparison.Baseline);
        if (MeasurementIdentity.Difference(baseline.Measured.Concat(sample.Measured).Select(seed => seed.Measurement)) is { } conflict
            && sample.Measured.Count > 0)
        {
            return new(arm.Name, arm.Css, [], null, null, conflict.ToString());
        }

        if (sample.Values.Count == 0)
        {
            return new(arm.Name, arm.Css, [], null, null, arm.Losses.Length > 0 ? arm.Losses : "no value");
        }

        var summary = sample.Summary;
        return new(
            arm.Name,
            arm.Css,
            [.. sample.Finite.Select(seed => new Dot(
                seed.Measurement.Value!.Value, $"{arm.Name}, seed {seed.Seed}: {Numbers.Significant(seed.Measurement.Value)}"))],
            summary.Mean,
            StudentInterval.Interval(summary));
    }
}
