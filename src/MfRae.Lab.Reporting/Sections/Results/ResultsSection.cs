using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

internal sealed class ResultsSection : ISection
{
    public string Name => "Results";

    public string Title => "Results";

    public object Model(ReportData data)
    {
        var keys = Keys(data);
        return new ResultsModel(
            [.. keys.GroupBy(key => First(data.Compare(key)).Steps).Select(group => Table(data, group.Key, [.. group]))],
            ReferenceBlocks.Of(data),
            [.. keys.SelectMany(key => Identities(data.Compare(key)))],
            Parts.Sql(data.Sql.Results),
            Parts.Sql(data.Sql.Teacher));
    }

    /// <summary>
    /// Columns over arms: all of the arms' own evaluations, and of shared stages (reconstruction, probes) only what
    /// differs between arms or is the question; the rest stands beside the table once. What has no better and worse is not
    /// a result but an explanation: it has a section of its own.
    /// </summary>
    private static string[] Keys(ReportData data)
    {
        var evaluated = data.Role("evaluation").SelectMany(group => group.Stage.Measurements)
            .Where(measurement => measurement.HigherIsBetter is not null)
            .Select(measurement => measurement.Key)
            .ToHashSet();
        var varying = new[] { "reconstruction", "probe", "features" }
            .Select(data.Role)
            .Where(groups => groups.Count > 1)
            .SelectMany(groups => groups)
            .SelectMany(group => group.Stage.Measurements)
            .Select(measurement => measurement.Key)
            .ToHashSet();
        return [.. data.Keys.Where(key => key == data.Record.PrimaryMetric || evaluated.Contains(key) || varying.Contains(key))];
    }

    private static ResultsTable Table(ReportData data, int steps, IReadOnlyList<string> keys) => new(
        steps == 0 ? "Without sampling" : $"Samples in {Numbers.Plural(steps, "step")}",
        [.. keys.Select(key => Column(data.Compare(key)))],
        [.. data.Arms.Select(arm => Row(data, arm, keys))]);

    private static ResultsRow Row(ReportData data, ArmView arm, IReadOnlyList<string> keys) => new(
        arm.Name,
        arm.Css,
        Parts.Arm(arm),
        arm.Losses,
        [.. keys.Select(key => ResultsCell.Of(data.Compare(key), arm))],
        [.. arm.Runs.Select(run => new ResultsSeed(
            $"seed {run.Seed}",
            run.Status == "completed" ? "" : run.Status,
            [.. keys.Select(key => ResultsCell.Of(data.Compare(key), arm, run.Seed))]))]);

    private static Measurement First(ExperimentComparison comparison) =>
        comparison.Arms.SelectMany(arm => arm.Measured).First().Measurement;

    private static ResultsColumn Column(ExperimentComparison comparison)
    {
        var measurement = First(comparison);
        return new(
            MetricName.Label(measurement.Metric),
            comparison.Metric,
            MetricName.Arrow(measurement.HigherIsBetter),
            measurement.HigherIsBetter == true ? "descending" : "ascending");
    }

    /// <summary>One line a metric, and one more for each other identity it was measured with.</summary>
    private static IEnumerable<ResultsIdentity> Identities(ExperimentComparison comparison) => comparison.Arms
        .SelectMany(arm => arm.Measured)
        .Select(seed => seed.Measurement with { Value = null, Low = null, High = null })
        .Distinct()
        .Select(Identity);

    private static ResultsIdentity Identity(Measurement measurement) => new(
        measurement.Key,
        Numbers.Count(measurement.Samples),
        measurement.Steps == 0 ? "–" : Numbers.Count(measurement.Steps),
        Numbers.Significant(measurement.Guidance),
        measurement.Labels,
        Parts.Hash(measurement.Extractor),
        measurement.Preprocessing,
        Parts.Hash(measurement.Reference),
        Or(measurement.Device),
        Or(measurement.Noise),
        Or(measurement.Setting));

    private static string Or(string? text) => string.IsNullOrEmpty(text) ? "–" : text;
}
