using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
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
        steps == 0 ? "Metrics that need no generated samples" : $"Samples drawn in {Numbers.Plural(steps, "step")}",
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

/// <summary>Every metric of every arm, what stands beside them, and what the numbers are values of.</summary>
internal sealed record ResultsModel(
    IReadOnlyList<ResultsTable> Tables,
    IReadOnlyList<ResultsBlock> Blocks,
    IReadOnlyList<ResultsIdentity> Identities,
    Html Sql,
    Html BlockSql);

/// <summary>The metrics of samples drawn in one number of steps.</summary>
internal sealed record ResultsTable(string Title, IReadOnlyList<ResultsColumn> Columns, IReadOnlyList<ResultsRow> Rows);

/// <param name="Order">Which way of sorting puts the best first: ascending or descending.</param>
internal sealed record ResultsColumn(string Label, string Key, string Arrow, string Order);

/// <param name="Css">The class of the arm's colour.</param>
/// <param name="Seeds">What unfolds below the arm: each of its runs.</param>
internal sealed record ResultsRow(
    string Name, string Css, Html Arm, string Losses, IReadOnlyList<Html> Cells, IReadOnlyList<ResultsSeed> Seeds);

/// <summary>One run of an arm.</summary>
/// <param name="Status">Where it did not complete: what became of it.</param>
internal sealed record ResultsSeed(string Label, string Status, IReadOnlyList<Html> Cells);

/// <summary>A small table beside the arms: a teacher, a reconstruction, an encoder's probes.</summary>
internal sealed record ResultsBlock(string Title, string Note, Html Table);

internal sealed record ResultsIdentity(
    string Key, string Samples, string Steps, string Guidance, string Labels, Html Extractor, string Preprocessing, Html Reference,
    string Device, string Noise, string Setting);

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
        .. Blocks(data, "probe", "Encoder probes (classifiers on its features)", group => Parts.Grid(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric.Split('.')[0]),
            measurement => measurement.Metric.Contains('.') ? measurement.Metric[(measurement.Metric.IndexOf('.') + 1)..] : "value")),
        .. Blocks(data, "features", "Feature network (used by FID)", group => Parts.Grid(
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
        var note = "Samples: " + string.Join(", ", samples.Select(Numbers.Count));
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
