using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
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
        return new
        {
            Tables = keys.GroupBy(key => (First(data.Compare(key)).Steps, IsTiming(key))).Select(group => Table(data, group.Key.Steps, [.. group])).ToArray(),
            Blocks = ReferenceBlocks.Of(data),
            Identities = keys.SelectMany(key => Identities(data.Compare(key))).ToArray(),
            BestNote = BestNote(data),
            DeclaredNote = DeclaredNote(data),
            Sql = data.Sql.Results,
            BlockSql = data.Sql.Teacher,
        };
    }

    private static string BestNote(ReportData data) => data.Primary.MayBeBest is null
        ? FormattableString.Invariant($"With fewer than {BestArms.FewestSeeds} common seeds no arm can be excluded from being the best, so no other arm is marked.")
        : "○: may be the best too. A multiple comparison with the best at the 95 % level excludes the other arms (separately for each column).";

    /// <summary>The arms whose number of steps is declared; empty if there are none.</summary>
    private static string DeclaredNote(ReportData data)
    {
        var arms = data.Arms.Where(arm => arm.Runs.Any(run => data.Stage(run, "sampling")?.Kind == ExternalSamplingStage.Kind)).Select(arm => arm.Name).ToArray();
        return arms.Length == 0
            ? ""
            : $"The samples of {string.Join(", ", arms)} are those of another program: the number of its steps is the one that the experiment file declares.";
    }

    /// <summary>
    /// The metrics that have a column: all metrics of the arms' evaluations that have a better direction, and metrics of other stages
    /// (reconstruction, probes) if arms use different stages or if it is the primary metric. The rest is listed once, as shared components.
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
        return [.. data.Keys.Where(key => key == data.Record.PrimaryMetric || evaluated.Contains(key) || varying.Contains(key) || IsTiming(key))];
    }

    private static bool IsTiming(string key) => MetricCatalogue.IsTiming(key);

    private static ResultsTable Table(ReportData data, int steps, IReadOnlyList<string> keys) => new(
        IsTiming(keys[0]) ? "Cost of training on one machine" : steps == 0 ? "Metrics that need no generated samples" : $"Samples drawn in {Numbers.Plural(steps, "step")}",
        IsTiming(keys[0]),
        [.. keys.Select(key => Column(data.Compare(key)))],
        [.. data.Arms.Select(arm => Row(data, arm, keys))]);

    private static ResultsRow Row(ReportData data, ArmView arm, IReadOnlyList<string> keys) => new(
        arm,
        [.. keys.Select(key => ResultsCell.Of(data.Compare(key), arm))],
        [.. arm.Runs.Select(run => new ResultsSeed(
            run.Pilot ? $"seed {run.Seed}, pilot" : $"seed {run.Seed}",
            run.Status == "completed" ? "" : run.Status,
            [.. keys.Select(key => SeedCell.Of(data.Compare(key), arm, run.Seed))]))]);

    // While only pilot seeds have run, there are no other values.
    private static Measurement First(ExperimentComparison comparison) =>
        comparison.Arms.SelectMany(arm => arm.Measured.Concat(arm.Pilots)).First().Measurement;

    private static ResultsColumn Column(ExperimentComparison comparison)
    {
        var measurement = First(comparison);
        return new(
            MetricName.Column(measurement.Metric),
            comparison.Metric,
            MetricName.Arrow(measurement.HigherIsBetter),
            measurement.HigherIsBetter == true ? "descending" : "ascending");
    }

    /// <summary>One row for each metric and each way in which it was measured.</summary>
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
        measurement.Extractor,
        measurement.Preprocessing,
        measurement.Reference,
        Or(measurement.Device),
        Or(measurement.Noise),
        Or(measurement.Setting),
        IsTiming(measurement.Key));

    private static string Or(string? text) => string.IsNullOrEmpty(text) ? "–" : text;
}

/// <summary>The metrics of samples drawn in one number of steps, or the costs of training.</summary>
/// <param name="Timing">Whether the values depend on how the work ran, and so differ between repetitions.</param>
internal sealed record ResultsTable(string Title, bool Timing, IReadOnlyList<ResultsColumn> Columns, IReadOnlyList<ResultsRow> Rows);

/// <summary>One metric.</summary>
/// <param name="Order">The sort order that lists the best value first: ascending or descending.</param>
internal sealed record ResultsColumn(string Label, string Key, string Arrow, string Order);

/// <summary>One arm, with its runs.</summary>
internal sealed record ResultsRow(ArmView Arm, IReadOnlyList<ResultsCell> Cells, IReadOnlyList<ResultsSeed> Seeds);

/// <summary>One run of an arm.</summary>
/// <param name="Status">The status of a run that did not complete; the empty string for a completed run.</param>
internal sealed record ResultsSeed(string Label, string Status, IReadOnlyList<SeedCell> Cells);

/// <summary>The measurements of a shared component: a teacher, a reconstruction, an encoder's probes.</summary>
internal sealed record ResultsBlock(string Title, string Note, MeasurementTable Table);

/// <summary>How one metric was measured.</summary>
/// <param name="Extractor">Hash of the feature network.</param>
/// <param name="Reference">Hash of the reference set.</param>
/// <param name="Timing">Whether the setting describes how the work ran, and so differs between repetitions.</param>
internal sealed record ResultsIdentity(
    string Key, string Samples, string Steps, string Guidance, string Labels, string Extractor, string Preprocessing, string Reference,
    string Device, string Noise, string Setting, bool Timing);

/// <summary>Measurements of the components that arms share: teacher, reconstruction, encoder, feature network.</summary>
internal static class ReferenceBlocks
{
    public static IReadOnlyList<ResultsBlock> Of(ReportData data) =>
    [
        .. Blocks(data, "teacherEvaluation", "Teacher", group => MeasurementTable.Of(
            [.. group.Stage.Measurements.OrderBy(measurement => measurement.Steps)],
            measurement => MetricName.Label(measurement.Metric) + " " + MetricName.Arrow(measurement.HigherIsBetter),
            measurement => measurement.Steps > 0 ? Numbers.Plural(measurement.Steps, "step") : "value")),
        .. Blocks(data, "reconstruction", "Reconstruction", group => MeasurementTable.Of(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric) + " " + MetricName.Arrow(measurement.HigherIsBetter),
            _ => "test set")),
        .. Blocks(data, "probe", "Encoder probes (classifiers on its features)", group => MeasurementTable.Of(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric.Split('.')[0]),
            measurement => measurement.Metric.Contains('.') ? measurement.Metric[(measurement.Metric.IndexOf('.') + 1)..] : "value")),
        .. Blocks(data, "features", "Feature network (used by FID)", group => MeasurementTable.Of(
            group.Stage.Measurements,
            measurement => MetricName.Label(measurement.Metric),
            _ => "value")),
    ];

    private static IEnumerable<ResultsBlock> Blocks(ReportData data, string role, string title, Func<RoleGroup, MeasurementTable> table) =>
        from reference in data.Role(role)
        where reference.Stage.Measurements.Count > 0
        select new ResultsBlock(data.Shared(reference) ? title : $"{title} of {reference.Names}", Note(data, reference), table(reference));

    /// <summary>The number of samples, and a warning if these values were measured differently from those of the arms.</summary>
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
            let conflict = TeacherLines.Conflict(measurement, arm)
            where conflict is not null
            select $"{arm.Metric} {conflict}";
        return string.Join("; ", conflicts.Distinct().Prepend(note));
    }
}
