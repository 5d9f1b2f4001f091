using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists the plans of an experiment, oldest first: what changed, how their runs ended, and what they measured.</summary>
public sealed class HistoryVerb(Terminal terminal, LabPaths places, ArtifactStore store, TimeProvider time)
{
    /// <param name="experiment">A name or the path of its file.</param>
    /// <exception cref="LabException">There is no such experiment, or it cannot be read.</exception>
    public int Execute(string experiment, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        var name = new NameResolver(queries).Name(experiment);
        var versions = queries.Versions(name);
        if (versions.Count == 0)
            throw new LabException(NameResolver.Unreadable(name));
        var live = new StaleRuns(store, time);
        versions = [.. versions.Select(version => live.Of(version, () => queries.Runs(new RunFilter(name, Version: version.Number))))];
        (json ? terminal.Out : terminal.Text).Write(json ? HistoryOutput.Json(name, versions) : HistoryOutput.Text(name, versions));
        return ExitCode.Ok;
    }
}

/// <summary>The plans of an experiment with their outcomes, as text and as JSON.</summary>
public static class HistoryOutput
{
    public static string Text(string name, IReadOnlyList<PlanVersion> versions)
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

    public static string Json(string name, IReadOnlyList<PlanVersion> versions) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("experiment", name);
        json.Objects("versions", versions, version =>
        {
            json.WriteNumber("version", version.Number);
            json.WriteBoolean("current", version.Current);
            json.WriteString("planHash", version.Hash);
            Time(json, "firstRun", version.FirstRun);
            Time(json, "lastRun", version.LastRun);
            json.Objects("changes", version.Changes, change =>
            {
                json.WriteString("what", change.What);
                json.Strings("arms", change.Arms);
                json.WriteString("before", change.Before);
                json.WriteString("after", change.After);
            });
            Counts(json, version.Runs);
            json.WriteString("primaryMetric", version.PrimaryMetric);
            json.Objects("arms", version.Arms, arm =>
            {
                json.WriteString("arm", arm.Arm);
                json.WriteNumber("n", arm.Count);
                json.Number("mean", arm.Mean);
                json.Number("sd", arm.Deviation);
                Counts(json, arm.Runs);
            });
            json.Objects("attempts", version.Attempts, attempt =>
            {
                json.WriteString("stage", attempt.Stage);
                json.WriteNumber("attempt", attempt.Number);
                json.WriteString("status", attempt.Status);
                json.WriteString("error", attempt.Error);
                json.WriteBoolean("stageCompleted", attempt.Completed);
            });
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static string Times(PlanVersion version) => (version.FirstRun, version.LastRun) switch
    {
        (null, null) => "first run at an unknown time",
        ({ } first, { } last) when first == last => $"run {Text(first)}",
        var (first, last) => $"first run {(first is { } began ? Text(began) : "at an unknown time")}, last run {(last is { } again ? Text(again) : "at an unknown time")}",
    };

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Runs(IReadOnlyDictionary<string, int> runs) =>
        string.Join(", ", runs.Select(run => $"{run.Value} {AttemptStatus.Word(run.Key)}"));

    private static void Counts(Utf8JsonWriter json, IReadOnlyDictionary<string, int> runs)
    {
        json.WriteStartObject("runs");
        foreach (var (status, count) in runs)
            json.WriteNumber(status, count);
        json.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } value)
            json.WriteString(name, value);
        else
            json.WriteNull(name);
    }
}
