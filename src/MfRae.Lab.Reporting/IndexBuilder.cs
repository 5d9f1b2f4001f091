using System.Globalization;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting;

/// <summary>Renders the list of experiments with links to their reports: a pure function, and a page that works offline.</summary>
public static class IndexBuilder
{
    /// <summary>Renders the list: the latest run first, experiments that never ran last.</summary>
    /// <param name="entries">The experiments.</param>
    /// <param name="unreadable">Names of experiments that are in the database but cannot be read.</param>
    public static string Build(IReadOnlyList<IndexEntry> entries, params IReadOnlyList<string> unreadable) => Page(entries, unreadable).Render();

    /// <summary>Renders the list with a script that updates it when the database changes.</summary>
    public static ServedPage Serve(IReadOnlyList<IndexEntry> entries, IReadOnlyList<string> unreadable, LiveHook hook) =>
        Page(entries, unreadable).Serve(hook);

    private static Page Page(IReadOnlyList<IndexEntry> experiments, IReadOnlyList<string> unreadable) => Sorted(
        [.. experiments.OrderByDescending(entry => entry.Latest ?? DateTimeOffset.MinValue)], unreadable);

    private static Page Sorted(IReadOnlyList<IndexEntry> entries, IReadOnlyList<string> unreadable) => new(
        "Results",
        "Experiments",
        "Generated from the results database.",
        [
            new("experiments", Numbers.Plural(entries.Count, "experiment"), Templates.Render("Sections/index.sbn-html", new
            {
                Unreadable = unreadable,
                UnreadableCount = Numbers.Plural(unreadable.Count, "experiment"),
                NothingRan = entries.Count + unreadable.Count == 0,
                Entries = entries.Select((entry, index) => new
                {
                    Css = Css(index),
                    entry.Title,
                    Name = entry.Name == entry.Title ? "" : entry.Name,
                    Link = Uri.EscapeDataString(entry.Name) + ".html",
                    entry.Question,
                    entry.Outcome,
                    entry.Verdicts,
                    entry.Spark,
                    Size = $"{Numbers.Plural(entry.Arms, "arm")}, {Numbers.Plural(entry.Runs, "run")}, {entry.Seeds} {(entry.Seeds == "1" ? "seed" : "seeds")} per arm with a result",
                    Lost = entry.Lost == 0 ? "" : $"{Numbers.Plural(entry.Lost, "run")} not completed",
                    Open = entry.Open == 0 ? "" : $"{Numbers.Plural(entry.Open, "run")} not finished yet",
                    Latest = entry.Latest?.UtcDateTime.ToString("'last run' yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "",
                    Cost = entry.CpuSeconds > 0 ? $"{Numbers.Duration(entry.CpuSeconds)} of CPU time" : "",
                    entry.Tags,
                    Overrides = string.Join(' ', entry.Overrides),
                }).ToArray(),
            })),
        ],
        string.Concat(entries.SelectMany((entry, index) => entry.Style.Select(rule => $".{Css(index)} {rule}\n"))));

    /// <summary>The class of an entry. Each experiment has separate arms, so a colour is valid inside its entry only.</summary>
    private static string Css(int index) => string.Create(CultureInfo.InvariantCulture, $"e{index}");
}

/// <summary>An experiment in the index.</summary>
/// <param name="Name">The name of the experiment, which is also the name of its page.</param>
/// <param name="Title">The heading of its report.</param>
/// <param name="Question">The question of the experiment.</param>
/// <param name="Outcome">One line: the best arm and the baseline.</param>
/// <param name="Verdicts">A badge for each verdict, with the number of arms.</param>
/// <param name="Spark">A small chart of the primary metric over the arms.</param>
/// <param name="Style">Selector and colours of each arm, without the selector of the entry.</param>
/// <param name="Arms">The number of arms.</param>
/// <param name="Runs">The number of runs.</param>
/// <param name="Seeds">The number of seeds per arm with a value of the primary metric: `2`, or `1–2` if arms differ.</param>
/// <param name="Lost">The number of runs that ended without completing.</param>
/// <param name="Open">The number of runs that wait or run.</param>
/// <param name="Latest">The start of the latest attempt; null before the first attempt.</param>
/// <param name="CpuSeconds">The CPU time of all attempts of all stages.</param>
/// <param name="Tags">The tags of the experiment, sorted.</param>
/// <param name="Overrides">The options that the command line changed.</param>
public sealed record IndexEntry(
    string Name,
    string Title,
    string Question,
    string Outcome,
    IReadOnlyList<Badge> Verdicts,
    Html Spark,
    IReadOnlyList<string> Style,
    int Arms,
    int Runs,
    string Seeds,
    int Lost,
    int Open,
    DateTimeOffset? Latest,
    double CpuSeconds,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Overrides)
{
    /// <summary>The entry of an experiment.</summary>
    /// <param name="record">The record of the experiment.</param>
    /// <param name="tags">The tags of the experiment, in any order.</param>
    public static IndexEntry Of(ExperimentRecord record, IEnumerable<string>? tags = null)
    {
        var data = new ReportData(ArmTitles.Apply(record));
        var attempts = record.Stages.SelectMany(stage => stage.Attempts).ToArray();
        return new(
            record.Name,
            record.Title ?? record.Name,
            record.Question,
            Line(data.Primary),
            [.. from result in data.Primary.Decisions
                group result by (result.Verdict, Word: ComparisonText.Word(result)) into same
                orderby same.Key.Verdict, same.Key.Word
                select Badge.Of(same.Key.Verdict, $"{Numbers.Count(same.Count())} {same.Key.Word}")],
            Sparkline(data),
            [.. data.Arms.Select(arm => Palette.Rule(data, arm))],
            record.Arms.Count,
            record.Runs.Count,
            Range([.. data.Primary.Arms.Select(arm => arm.Values.Count)]),
            record.Runs.Count(run => run.Status != "completed" && !run.IsOpen()),
            record.Runs.Count(run => run.IsOpen()),
            attempts.Length == 0 ? null : attempts.Max(attempt => attempt.Started),
            attempts.Sum(attempt => attempt.CpuSeconds),
            [.. (tags ?? []).Order(StringComparer.Ordinal)],
            record.Overrides);
    }

    private static string Line(ExperimentComparison primary)
    {
        if (primary.Conflict is { } conflict)
        {
            return conflict.ToString();
        }

        if (primary.Best is not { } best)
        {
            return "no results yet";
        }

        var mean = primary.Arms.First(arm => arm.Arm == best).Summary.Mean;
        return $"best arm: {best} ({primary.Metric} {Numbers.Significant(mean)})" + (primary.Arms.Count > 1 ? $"; baseline: {primary.Baseline}" : "");
    }

    private static Html Sparkline(ReportData data) => data.Primary.Conflict is not null ? Html.Empty : new Sparkline(
        $"{data.Primary.Metric} by arm",
        [
            .. from arm in data.Arms
               let sample = arm.Of(data.Primary)
               select new DotRow(
                   arm.Name,
                   arm.Css,
                   [.. sample.Finite.Select(seed => new Dot(seed.Measurement.Value!.Value, ""))],
                   sample.Values.Count > 0 ? sample.Summary.Mean : null,
                   null),
        ],
        data.Axis is not null).Draw();

    private static string Range(IReadOnlyList<int> counts) => counts.Min() == counts.Max()
        ? counts.Min().ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{counts.Min()}–{counts.Max()}");
}
