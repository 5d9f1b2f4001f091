using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Lists runs.</summary>
public sealed class LsVerb(Terminal terminal, LabPaths places, ArtifactStore store, TimeProvider time)
{
    /// <param name="all">Runs of archived experiments too; those of one that is named are always listed.</param>
    /// <exception cref="MfRae.Lab.Core.LabException">There is no such experiment, or no such arm in it.</exception>
    public int Execute(RunFilter filter, bool all, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var queries = new RunQueries(database);
        if (filter.Experiment is { } name)
            filter = Named(new NameResolver(queries), filter, name);
        var marks = queries.Annotations();
        var live = new StaleRuns(store, time);
        var runs = queries.Runs(filter with { Status = null }).Select(run => live.Of(run))
            .Where(run => filter.Status is null || run.Status == filter.Status)
            .Where(run => all || filter.Experiment is not null || !marks.Archived.Contains(run.Experiment)).ToList();
        if (filter.Arm is { } arm && runs.Count == 0 && queries.Runs(filter with { Arm = null, Status = null }) is { Count: > 0 } others)
            NameResolver.RequireArm(arm, [.. others.Select(run => run.Arm).Distinct()]);
        var tags = marks.Tags.ToLookup(tag => (tag.Kind, tag.Subject), tag => tag.Text);
        (json ? terminal.Out : terminal.Text).Write(json ? RunListText.Json(runs, tags) : RunListText.Table(runs, tags));
        return ExitCode.Ok;
    }

    private static RunFilter Named(NameResolver subjects, RunFilter filter, string name)
    {
        if (subjects.Numbered(name) is not var (experiment, number))
            return filter with { Experiment = subjects.Name(name) };
        return subjects.HasVersion(experiment, number)
            ? filter with { Experiment = experiment, Version = number }
            : throw subjects.NoVersion(experiment, number);
    }
}

/// <summary>Corrects the states of runs whose coordinator was killed before it could write them to the database.</summary>
internal sealed class StaleRuns(ArtifactStore store, TimeProvider time)
{
    /// <summary>The run; as interrupted where the database says that it runs and no live process has a lease on one of its stages.</summary>
    public RunListing Of(RunListing run) => IsWorking(run.Status)
        && (run.Working ?? []).All(key => !ArtifactName.IsKey(key) || StageLeases.LiveOwner(store, key, time) is null)
            ? run with { Status = AttemptStatus.Interrupted }
            : run;

    /// <param name="runs">The runs of the version.</param>
    public PlanVersion Of(PlanVersion version, Func<IReadOnlyList<RunListing>> runs)
    {
        if (!version.Runs.Keys.Any(IsWorking))
        {
            return version;
        }

        var real = runs().Select(run => Of(run)).ToList();
        return version with
        {
            Runs = Count(real),
            Arms = [.. version.Arms.Select(arm => arm with { Runs = Count(real.Where(run => run.Arm == arm.Arm)) })],
        };
    }

    private static bool IsWorking(string status) => status is "running" or "queued";

    private static Dictionary<string, int> Count(IEnumerable<RunListing> runs) =>
        runs.GroupBy(run => run.Status).ToDictionary(group => group.Key, group => group.Count());
}

/// <summary>Runs, a line each, with their own tags and those of their experiment.</summary>
public static class RunListText
{
    // Enough to be unique by far among the runs of one database, and what `show` takes.
    private const int IdDigits = 10;

    public static string Table(IReadOnlyList<RunListing> runs, ILookup<(string Kind, string Subject), string> tags)
    {
        var table = new TextTable("run", "experiment", "arm", "seed", "status", "primary metric", "stages", "started", "time", "overrides", "tags");
        foreach (var run in runs)
        {
            table.Add(
                run.Id[..Math.Min(IdDigits, run.Id.Length)],
                run.Experiment,
                run.Baseline ? run.Arm + " (baseline)" : run.Arm,
                run.Seed.ToString(CultureInfo.InvariantCulture),
                run.Status,
                run.Value is { } value ? $"{run.Metric} {ResultsText.Value(Summary.Of([value]))}" : "",
                $"{run.Completed}/{run.Stages}",
                run.Started?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "",
                StageText.Duration(TimeSpan.FromSeconds(run.WallSeconds)),
                string.Join(' ', run.Overrides ?? []),
                string.Join(' ', Tags(run, tags)));
        }

        return table.ToString();
    }

    public static string Json(IReadOnlyList<RunListing> runs, ILookup<(string Kind, string Subject), string> tags) => JsonText.Write(json =>
    {
        json.Objects(runs, run =>
        {
            json.WriteString("run", run.Id);
            json.WriteString("experiment", run.Experiment);
            json.WriteString("arm", run.Arm);
            json.WriteBoolean("baseline", run.Baseline);
            json.WriteNumber("seed", run.Seed);
            json.WriteString("status", run.Status);
            json.WriteString("primaryMetric", run.Metric);
            json.Number("value", run.Value);
            json.Strings("overrides", run.Overrides ?? []);
            json.WriteNumber("stages", run.Stages);
            json.WriteNumber("completed", run.Completed);
            if (run.Started is { } started)
                json.WriteString("started", started);
            json.WriteNumber("wallSeconds", run.WallSeconds);
            json.Strings("tags", Tags(run, tags));
        });
    }) + System.Environment.NewLine;

    private static IEnumerable<string> Tags(RunListing run, ILookup<(string Kind, string Subject), string> tags) =>
        tags[(Annotation.Experiment, run.Experiment)].Concat(tags[(Annotation.Run, run.Id)]).Distinct();
}
