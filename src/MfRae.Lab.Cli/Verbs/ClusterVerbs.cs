using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`status`: ingests what jobs have written, prints the states of an experiment's stages, and renders its report.</summary>
internal static class StatusVerb
{
    public static Command Create(LabContext lab)
    {
        var (experiment, json) = (CommonOptions.Experiment(), CommonOptions.Json());
        var wait = new Option<bool>("--wait") { Description = "Follow the jobs until they have ended" };
        var command = new Verb("status", "Update an experiment whose stages run as jobs, and print their states", "ablation-lambda --wait") { experiment, wait, json };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(experiment), parsed.GetValue(wait), parsed.GetValue(json)));
        return command;
    }

    private static int Execute(LabContext lab, string experiment, bool wait, bool json)
    {
        var plan = ClusterView.Plan(lab, experiment)
            ?? throw new LabException($"{lab.Paths.Show(lab.Store.Root)} has no run of an experiment `{PrintableText.Of(experiment)}`");
        using var database = LabDatabase.OpenOrCreate(lab.Paths.Database);
        var queries = new RunQueries(database);
        var reports = new ReportPages(queries, lab.Paths);
        var before = reports.State(but: plan.Name);
        var (states, open) = ClusterView.Update(lab, plan, database, wait);
        if (queries.Experiment(plan.Name) is { } record)
            reports.Update(before, record);
        if (json)
            lab.Terminal.Out.WriteLine(JsonText.Of(states.Select(state => new StageJson(state.Stage.Label, state.Status.Name(), state.Reason, state.Stage.Key))));
        else
            lab.Terminal.Text.Write(ClusterText.Table(states));
        return open && wait && lab.Signals.Received is { } signal ? signal
            : states.Any(state => state.Status.IsFailure()) ? ExitCode.RunsFailed
            : ExitCode.Ok;
    }

    private sealed record StageJson(string Stage, string Status, string? Reason, string Key);
}

/// <summary>`cancel`: cancels the jobs of an experiment. Running jobs write checkpoints; the same `run` command resumes them.</summary>
internal static class CancelVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static Command Create(LabContext lab)
    {
        var experiment = CommonOptions.Experiment();
        var command = new Verb("cancel", "Cancel the jobs of an experiment; running stages write a checkpoint", "ablation-lambda") { experiment };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetRequiredValue(experiment)));
        return command;
    }

    private static int Execute(LabContext lab, string experiment)
    {
        var name = ClusterView.NameOf(experiment);
        var folder = new JobFolder(lab.Store);
        if (!folder.Has(name))
            throw new LabException($"{lab.Paths.Show(lab.Store.Root)} has no jobs of an experiment `{PrintableText.Of(name)}`");
        var jobs = Open();
        lab.Scheduler.Cancel([.. jobs.Select(job => job.ArrayJob).Distinct()]);
        // Running jobs end after their checkpoints. Until then a new `run` would count their stages as queued.
        var since = lab.Time.GetTimestamp();
        var left = jobs.Count > 0 ? Open().Count : 0;
        while (left > 0 && lab.Time.GetElapsedTime(since) < Patience && !lab.Signals.Stop.WaitHandle.WaitOne(Pause))
            left = Open().Count;
        folder.WriteQueued(name, left);
        if (left > 0)
            lab.Terminal.Error.WriteLine($"{ClusterText.Count(left, "job")} still writing a checkpoint; run `status {name}` before the next `run`");
        lab.Terminal.Out.WriteLine(jobs.Count == 0 ? "no job is queued" : $"cancelled {ClusterText.Count(jobs.Count, "job")}; `run` submits the missing stages again");
        return ExitCode.Ok;

        IReadOnlyList<QueuedJob> Open() => folder.Open(name, lab.Scheduler.Queue());
    }
}

/// <summary>`job`, hidden: computes the stages of one task of an array. A batch script starts it.</summary>
internal static class JobVerb
{
    public static Command Create(LabContext lab)
    {
        var (file, index) = (new Argument<string>("FILE"), new Argument<int>("INDEX"));
        var command = new Command("job", "Compute the stages of one job") { file, index };
        command.Hidden = true;
        command.SetAction(parsed => Execute(lab, parsed.GetRequiredValue(file), parsed.GetRequiredValue(index)));
        return command;
    }

    private static int Execute(LabContext lab, string file, int index)
    {
        var store = JobFolder.StoreOf(file);
        using var console = new ConsoleRunLog(lab.Terminal, lab.Time, quiet: true, store.FindLog);
        lab.Signals.Say = console.Say;
        var job = new StageJob(store, console, lab.Launcher, lab.Time, SlurmVariables.Job(), SlurmVariables.Restarts());
        var code = job.Run(file, index, lab.Signals.Stop);
        if (code == StageJob.Stopped)
            console.Say(job.Requeue(file, lab.Scheduler) ? "the job starts again, because it reached its time limit" : "the job stops");
        return code;
    }
}

/// <summary>Brings the database up to date with what jobs have written.</summary>
internal static class ClusterView
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    /// <summary>The name of an experiment that is given by name or file.</summary>
    public static string NameOf(string experiment) =>
        experiment.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(experiment) : experiment;

    /// <summary>The plan of an experiment that ran last, or null.</summary>
    public static PlanRecord? Plan(LabContext lab, string experiment) =>
        new StoreRecords(lab.Store).Plans().LastOrDefault(plan => plan.Name == NameOf(experiment));

    /// <summary>Updates the database for experiments with jobs. If the scheduler cannot be reached, a message says so.</summary>
    /// <param name="lab">The context.</param>
    /// <param name="experiment">The experiment; null: all experiments.</param>
    public static void Refresh(LabContext lab, string? experiment)
    {
        var folder = new JobFolder(lab.Store);
        var plans = new StoreRecords(lab.Store).CurrentPlans()
            .Where(plan => (experiment is null || plan.Name == NameOf(experiment)) && folder.HasQueued(plan.Name)).ToList();
        if (plans.Count == 0)
            return;
        try
        {
            using var database = LabDatabase.OpenOrCreate(lab.Paths.Database);
            foreach (var plan in plans)
                Update(lab, plan, database, wait: false);
        }
        catch (LabException error)
        {
            lab.Terminal.Error.WriteLine($"the states of jobs may be out of date: {error.Message}");
        }
    }

    /// <summary>Ingests journals and writes the states of a plan's stages.</summary>
    /// <returns>The states, and whether a stage is queued or running.</returns>
    public static (IReadOnlyList<StageProgress> States, bool IsOpen) Update(LabContext lab, PlanRecord plan, LabDatabase database, bool wait)
    {
        using var log = new RunLog(database, plan);
        var ingested = new RunQueries(database).CompletedAttempts();
        log.Begin(plan, plan.Stages.Select(stage => stage.Key).Where(lab.Store.IsComplete).ToHashSet());
        var progress = new JobProgress(lab.Store, log, lab.Time, plan.Name, plan.Stages, ingested);
        var open = Follow(lab, progress, plan.Name, wait);
        log.Leave();
        return (progress.States, open);
    }

    /// <summary>Looks once, or until no stage is queued or running or the user stops.</summary>
    /// <returns>Whether a stage is queued or running.</returns>
    public static bool Follow(LabContext lab, JobProgress progress, string experiment, bool wait)
    {
        // The states of an experiment that never had jobs follow from the store, even where there is no scheduler.
        var jobs = new JobFolder(lab.Store).Has(experiment);
        while (true)
        {
            var open = progress.Look(jobs ? lab.Scheduler.Queue() : []);
            if (!open || !wait || lab.Signals.Stop.WaitHandle.WaitOne(Poll))
                return open;
        }
    }
}

/// <summary>The jobs and states of an experiment as text.</summary>
internal static class ClusterText
{
    private const int LongestReason = 200;
    private const int MostRows = 40;

    public static string Summary(IReadOnlyList<PlannedArray> arrays, string what) => arrays.Count == 0
        ? "no job is needed: every stage is complete, queued, or cannot be computed"
        : string.Create(CultureInfo.InvariantCulture, $"{what}: {Count(arrays.Sum(array => array.Tasks.Sum(task => task.Stages.Count)), "stage")} as ")
            + $"{Count(arrays.Sum(array => array.Tasks.Count), "job")} in {Count(arrays.Count, "array")}";

    /// <summary>The numbers of stages in each state, and the stages that are not complete.</summary>
    public static string Table(IReadOnlyList<StageProgress> states)
    {
        var text = string.Join(", ", states.GroupBy(state => state.Status).OrderBy(group => group.Key)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key.Word()}"))) + "\n";
        var open = states.Where(state => state.Status != StageStatus.Completed)
            .OrderBy(state => state.Status.IsFailure() ? 0 : state.Status == StageStatus.Running ? 1 : 2).ToList();
        if (open.Count == 0)
            return text;
        text += new TextTable("stage", "state", "reason").Add(open.Take(MostRows).Select(state => new[]
        {
            state.Stage.Label, state.Status.Word(), PrintableText.Of(state.Reason ?? "", LongestReason),
        }));
        return open.Count > MostRows ? text + string.Create(CultureInfo.InvariantCulture, $"… and {open.Count - MostRows} more\n") : text;
    }

    public static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
