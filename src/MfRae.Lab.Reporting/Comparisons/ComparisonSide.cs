using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>One of the two experiments of a comparison.</summary>
/// <param name="Letter">A or B, the name in tables and charts.</param>
/// <param name="Css">The class of its colour.</param>
internal sealed record ComparisonSide(string Letter, string Css, ExperimentRecord Record)
{
    /// <summary>The commits that computed the experiment; empty if they were not recorded.</summary>
    public IReadOnlyList<string> Sources { get; } =
    [
        .. Origins(Record).Select(origin => origin.Run).OfType<RunOrigin>().Where(run => run.Commit is not null)
            .Select(run => run.Commit + (run.Patch is { } patch ? $" with the patch {Numbers.Short(patch)}" : "")).Distinct(),
    ];

    /// <summary>Name of an arm → its title in this experiment.</summary>
    public IReadOnlyDictionary<string, string> Titles { get; } = ArmTitles.Of(Record);

    public IReadOnlyList<string> Programs { get; } =
        [.. Origins(Record).Select(origin => $"{origin.Tool}, {origin.Numerics}, {origin.Runtime}").Distinct()];

    public IReadOnlyList<string> Machines { get; } =
        [.. Origins(Record).Select(origin => string.Join(", ", [origin.Processor, .. origin.Accelerators, origin.System])).Distinct()];

    /// <summary>The entry of a legend.</summary>
    public LegendKey Key => new(Css, $"{Letter}: {Source}");

    /// <summary>Name and commit; the first commit if there are several.</summary>
    public string Source => Record.Name + (Sources is [var source, ..] ? $", commit {Numbers.Short(source.Split(' ')[0])}" : "");

    private static IEnumerable<AttemptOrigin> Origins(ExperimentRecord record) =>
        record.Stages.SelectMany(stage => stage.Attempts).Select(attempt => attempt.Origin).OfType<AttemptOrigin>();
}

/// <summary>What one of the two experiments asks.</summary>
internal sealed record ComparisonQuestion(string Letter, string Css, string Name, string Question, string Expectation, string Metric, string Design)
{
    public static ComparisonQuestion Of(ComparisonSide side) => new(
        side.Letter,
        side.Css,
        side.Record.Name,
        side.Record.Question,
        side.Record.Expectation,
        MetricName.OfKey(side.Record.PrimaryMetric),
        $"{Numbers.Plural(side.Record.Arms.Count, "arm")} × {Numbers.Plural(side.Record.Seeds.Count, "seed")} = "
            + Numbers.Plural(side.Record.Runs.Count, "run"));
}
