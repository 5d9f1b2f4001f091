using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`ls`: lists runs with their own tags and those of their experiment.</summary>
internal static class LsVerb
{
    // Unique among the runs of one database in practice, and accepted by `show`.
    private const int IdDigits = 10;

    public static Command Create(LabContext lab)
    {
        var experiment = new Argument<string?>("EXPERIMENT")
        {
            Description = "The name of an experiment, or a version of it such as NAME@1; all experiments by default",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var arm = new Option<string>("--arm") { Description = "Only runs of this arm", HelpName = "ARM" };
        var status = new Option<string>("--status") { Description = "Only runs with this status", HelpName = "STATUS" };
        var all = new Option<bool>("--all") { Description = "Include the runs of archived experiments" };
        var json = CommonOptions.Json();
        var command = new Verb("ls", "List runs", "smoke --status failed") { experiment, arm, status, all, json };
        command.SetAction(parsed => Execute(
            lab.For(parsed),
            new RunFilter(parsed.GetValue(experiment), parsed.GetValue(arm), null, parsed.GetValue(status)),
            parsed.GetValue(all),
            parsed.GetValue(json)));
        return command;
    }

    /// <param name="all">Whether to list runs of archived experiments. The runs of an experiment in the filter are always listed.</param>
    /// <exception cref="Core.LabException">The experiment or arm does not exist.</exception>
    private static int Execute(LabContext lab, RunFilter filter, bool all, bool json)
    {
        using var database = lab.OpenDatabase();
        var queries = new RunQueries(database);
        if (filter.Experiment is { } name)
            filter = Named(new NameResolver(queries), filter, name);
        var annotations = queries.Annotations();
        var live = new StaleRuns(lab.Store, lab.Time);
        var runs = queries.Runs(filter with { Status = null }).Select(run => live.Of(run))
            .Where(run => filter.Status is null || run.Status == filter.Status)
            .Where(run => all || filter.Experiment is not null || !annotations.Archived.Contains(run.Experiment)).ToList();
        if (filter.Arm is { } arm && runs.Count == 0 && queries.Runs(filter with { Arm = null, Status = null }) is { Count: > 0 } others)
            NameResolver.RequireArm(arm, [.. others.Select(run => run.Arm).Distinct()]);
        var tags = annotations.Tags.ToLookup(tag => (tag.Kind, tag.Subject), tag => tag.Text);
        if (json)
            lab.Terminal.Out.WriteLine(JsonText.Of(runs.Select(run => Json(run, tags))));
        else
            lab.Terminal.Text.Write(Table(runs, tags));
        return ExitCode.Ok;
    }

    private static RunFilter Named(NameResolver names, RunFilter filter, string name)
    {
        if (names.Numbered(name) is not var (experiment, number))
            return filter with { Experiment = names.Name(name) };
        return names.HasVersion(experiment, number)
            ? filter with { Experiment = experiment, Version = number }
            : throw names.NoVersion(experiment, number);
    }

    private static TextTable Table(IReadOnlyList<RunListing> runs, ILookup<(string Kind, string Subject), string> tags)
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

        return table;
    }

    private static RunJson Json(RunListing run, ILookup<(string Kind, string Subject), string> tags) => new(
        run.Id, run.Experiment, run.Arm, run.Baseline, run.Seed, run.Status, run.Metric, run.Value, run.Overrides ?? [], run.Stages,
        run.Completed, run.Started, run.WallSeconds, Tags(run, tags));

    private static IEnumerable<string> Tags(RunListing run, ILookup<(string Kind, string Subject), string> tags) =>
        tags[(Annotation.Experiment, run.Experiment)].Concat(tags[(Annotation.Run, run.Id)]).Distinct();

    private sealed record RunJson(
        string Run,
        string Experiment,
        string Arm,
        bool Baseline,
        long Seed,
        string Status,
        string PrimaryMetric,
        double? Value,
        IReadOnlyList<string> Overrides,
        int Stages,
        int Completed,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Started,
        double WallSeconds,
        IEnumerable<string> Tags);
}

/// <summary>Corrects the status of runs whose coordinator was killed before it could update the database.</summary>
internal sealed class StaleRuns(ArtifactStore store, TimeProvider time)
{
    private readonly JobFolder _jobs = new(store);

    /// <summary>The run; as interrupted if the database says that it is running but no live process has a lease on one of its stages,
    /// and no job was queued for its experiment at the last look.</summary>
    public RunListing Of(RunListing run) => IsWorking(run.Status)
        && !_jobs.HasQueued(run.Experiment)
        && (run.Working ?? []).All(key => !ArtifactName.IsKey(key) || StageLeases.LiveOwner(store, key, time) is null)
            ? run with { Status = AttemptStatus.Interrupted }
            : run;

    /// <summary>The version with the corrected number of runs of each status.</summary>
    /// <param name="runs">Reads the runs of the version; called only if one of them may be stale.</param>
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
