using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>One of the two experiments of a comparison.</summary>
/// <param name="Letter">A or B: what tables and charts call it.</param>
/// <param name="Css">The class of its colour.</param>
internal sealed record ComparisonSide(string Letter, string Css, ExperimentRecord Record)
{
    /// <summary>From which sources it was computed; none where that was not recorded.</summary>
    public IReadOnlyList<string> Sources { get; } =
    [
        .. Origins(Record).Select(origin => origin.Run).OfType<RunOrigin>().Where(run => run.Commit is not null)
            .Select(run => run.Commit + (run.Patch is { } patch ? $" with the patch {Numbers.Short(patch)}" : "")).Distinct(),
    ];

    /// <summary>Name of an arm → what this experiment calls it.</summary>
    public IReadOnlyDictionary<string, string> Titles { get; } = ArmTitles.Of(Record);

    public IReadOnlyList<string> Programs { get; } =
        [.. Origins(Record).Select(origin => $"{origin.Tool}, {origin.Numerics}, {origin.Runtime}").Distinct()];

    public IReadOnlyList<string> Machines { get; } =
        [.. Origins(Record).Select(origin => string.Join(", ", [origin.Processor, .. origin.Accelerators, origin.System])).Distinct()];

    /// <summary>Letter, name and commit, as the head of a column.</summary>
    public Html Head => Html.Of($"<span class=\"arm\">{Palette.Swatch(Css)}{Letter}</span><span class=\"n\">{Named}</span>");

    /// <summary>The same as the entry of a legend.</summary>
    public string Legend => $"{Letter}: {Named}";

    /// <summary>The first commit, where the work was done from several.</summary>
    private string Named => Record.Name + (Sources is [var source, ..] ? $", commit {Numbers.Short(source.Split(' ')[0])}" : "");

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
