using System.CommandLine;
using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Reading;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`history`: lists the versions of an experiment, oldest first, with their changes, the status of their runs and their results.</summary>
internal static class HistoryVerb
{
    public static Command Create(LabContext lab)
    {
        var (experiment, json) = (CommonOptions.Experiment(), CommonOptions.Json());
        var command = new Verb("history", "List the versions of an experiment, oldest first, with their changes, runs and results", "ablation-lambda")
        {
            experiment, json,
        };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetRequiredValue(experiment), parsed.GetValue(json)));
        return command;
    }

    /// <exception cref="LabException">The experiment does not exist or cannot be read.</exception>
    private static int Execute(LabContext lab, string experiment, bool json)
    {
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(experiment);
        var versions = queries.Versions(name);
        if (versions.Count == 0)
            throw new LabException(NameResolver.Unreadable(name));
        var live = new StaleRuns(lab.Store, lab.Time);
        versions = [.. versions.Select(version => live.Of(version, () => queries.Runs(new RunFilter(name, Version: version.Number))))];
        if (json)
            lab.Terminal.Out.WriteLine(HistoryJson.Write(name, versions));
        else
            lab.Terminal.Text.Write(Text(name, versions));
        return ExitCode.Ok;
    }

    private static string Text(string name, IReadOnlyList<PlanVersion> versions)
    {
        var text = new StringBuilder();
        foreach (var version in versions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name}@{version.Number}{(version.Current ? " (current)" : "")}: {Times(version)}");
            foreach (var change in version.Changes)
                text.AppendLine(CultureInfo.InvariantCulture, $"  changed: {PrintableText.Of(change.Text(), 500)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  runs: {Runs(version.Runs)}");
            text.AppendLine();
            var table = new TextTable("arm", $"{version.PrimaryMetric} (mean ± sd over seeds)", "n", "runs");
            foreach (var arm in version.Arms)
            {
                table.Add(
                    arm.Arm,
                    arm.Mean is { } mean ? ResultsText.Value(new Summary(arm.Count, mean, arm.Deviation)) : arm.Count > 0 ? "not comparable" : "–",
                    arm.Count == arm.Seeds ? $"{arm.Count}" : $"{arm.Count} of {arm.Seeds}",
                    Runs(arm.Runs));
            }

            text.Append(table);
            if (version.Attempts.Count > 0)
            {
                text.AppendLine();
                var lost = new TextTable("stage", "attempt", "status", "error");
                foreach (var attempt in version.Attempts)
                {
                    lost.Add(
                        attempt.Stage,
                        attempt.Number.ToString(CultureInfo.InvariantCulture),
                        AttemptStatus.Word(attempt.Status) + (attempt.IsResumed() ? ", resumed" : ""),
                        PrintableText.Of(attempt.Error?.Split('\n')[0] ?? "", 200));
                }

                text.Append(lost);
            }

            if (version != versions[^1])
                text.AppendLine();
        }

        return text.ToString();
    }

    private static string Times(PlanVersion version) => (version.FirstRun, version.LastRun) switch
    {
        (null, null) => "time of the first run unknown",
        ({ } first, { } last) when first == last => $"run {Text(first)}",
        var (first, last) => $"first run {(first is { } began ? Text(began) : "at an unknown time")}, last run {(last is { } again ? Text(again) : "at an unknown time")}",
    };

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Runs(IReadOnlyDictionary<string, int> runs) =>
        string.Join(", ", runs.Select(run => $"{run.Value} {AttemptStatus.Word(run.Key)}"));
}

/// <summary>The versions of an experiment as JSON.</summary>
internal static class HistoryJson
{
    public static string Write(string name, IReadOnlyList<PlanVersion> versions) =>
        JsonText.Of(new History(name, [.. versions.Select(version => new VersionJson(
            version.Number,
            version.Current,
            version.Hash,
            version.FirstRun,
            version.LastRun,
            [.. version.Changes.Select(change => new Change(change.What, change.Arms, change.Before, change.After))],
            version.Runs,
            version.PrimaryMetric,
            [.. version.Arms.Select(arm => new ArmJson(arm.Arm, arm.Count, arm.Mean, arm.Deviation, arm.Runs))],
            [.. version.Attempts.Select(attempt => new AttemptJson(
                attempt.Stage, attempt.Number, attempt.Status, attempt.Error, attempt.Completed))]))]));

    private sealed record History(string Experiment, IReadOnlyList<VersionJson> Versions);

    private sealed record VersionJson(
        int Version,
        bool Current,
        string PlanHash,
        DateTimeOffset? FirstRun,
        DateTimeOffset? LastRun,
        IReadOnlyList<Change> Changes,
        IReadOnlyDictionary<string, int> Runs,
        string PrimaryMetric,
        IReadOnlyList<ArmJson> Arms,
        IReadOnlyList<AttemptJson> Attempts);

    private sealed record Change(string What, IReadOnlyList<string> Arms, string? Before, string? After);

    private sealed record ArmJson(string Arm, int N, double? Mean, double? Sd, IReadOnlyDictionary<string, int> Runs);

    private sealed record AttemptJson(string Stage, int Attempt, string Status, string? Error, bool StageCompleted);
}
