using System.CommandLine;
using System.Text.Json.Serialization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>
/// `run`: computes the stages of an experiment, records them in the database and writes the report. The options are run settings: none
/// is part of a stage key, and only the device, micro-batches, ranks and recomputation change numbers, by rounding.
/// </summary>
internal sealed class RunVerb
{
    private const string Local = "local";
    private const string Slurm = "slurm";

    private readonly Argument<string> _file = CommonOptions.ExperimentFile();
    private readonly Argument<string[]> _overrides = CommonOptions.Overrides();
    private readonly Option<bool> _plan = new("--plan") { Description = "Print the plan and exit" };
    private readonly Option<string[]> _only = CommonOptions.Only();
    private readonly Option<string> _device = CommonOptions.Device();

    private readonly Option<int?> _jobs = CommonOptions.Jobs();

    private readonly Option<bool> _fresh = new("--fresh")
    {
        Description = "Set the stored outputs of this plan's stages aside and compute every stage again",
    };

    private readonly Option<bool> _keepGoing = new("--keep-going")
    {
        Description = "After a failure, continue with the stages that do not depend on the failed one [default]",
    };

    private readonly Option<bool> _failFast = new("--fail-fast") { Description = "Stop at the first failure" };

    private readonly Option<bool> _retryFailed = new("--retry-failed")
    {
        Description = "Restart failed and diverged stages from the beginning. By default failed stages resume from their checkpoint and "
            + "diverged stages are skipped",
    };

    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Fail if another process is computing a stage of the plan, instead of waiting" };

    private readonly Option<int?> _checkpointEvery = CommonOptions.Number(
        "--checkpoint-every",
        "Seconds between two checkpoints of a training or sampling. By default writing them takes at most 2 % of the time, and they are between "
            + "30 seconds and 15 minutes apart",
        0, helpName: "SECONDS");

    private readonly Option<string?> _microBatch = CommonOptions.MicroBatch();
    private readonly Option<bool> _recompute = CommonOptions.Recompute();
    private readonly Option<int?> _ranks = CommonOptions.Ranks();
    private readonly Option<int?> _decodeThreads = CommonOptions.Number(
        "--decode-threads", "Threads of a stage that read images ahead of its computation. 0 takes the cores that no computation needs", 0, 0);

    private readonly Option<string[]> _keep = CommonOptions.Kinds(
        "--keep", "Keep files of this kind, which the run would drop at its end, and compute those again that were dropped");

    private readonly Option<string> _launcher = new("--launcher")
    {
        Description = "What starts the stages: this machine (local), or the jobs of a cluster (slurm), after whose submission the command returns",
        HelpName = "local|slurm",
        DefaultValueFactory = _ => Local,
    };

    private readonly Option<string> _profile = new("--profile")
    {
        Description = $"The resources of --launcher slurm [default: {ClusterProfileFile.DefaultName}]",
        HelpName = "FILE",
    };

    private readonly Option<bool> _wait = new("--wait") { Description = "With --launcher slurm: follow the jobs until they have ended" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "With --launcher slurm: print the batch scripts and exit" };

    private readonly Option<string?> _notify = new("--notify")
    {
        Description = "When the run has ended, POST JSON to this https:// address or run this command, which finds the message in MFRAE_TEXT, "
            + "MFRAE_EXPERIMENT, MFRAE_STATUS and MFRAE_REPORT. env:NAME takes address or command from an environment variable. Nothing of it is recorded",
        HelpName = "ADDRESS|COMMAND|env:NAME",
    };

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print state changes only, no progress" };
    private readonly Option<bool> _json = CommonOptions.Json("Print the results as JSON");

    public static Command Create(LabContext lab) => new RunVerb().Build(lab);

    private Verb Build(LabContext lab)
    {
        var command = new Verb("run", "Run an experiment: completed stages are reused, interrupted ones resume",
            "experiments/ablation-lambda.json seeds=0-5 --only meanflow.lambda=1")
        {
            _file, _overrides, _plan, _only, _device, _jobs, _fresh, _keepGoing, _failFast, _retryFailed, _noWait, _checkpointEvery,
            _microBatch, _recompute, _ranks, _decodeThreads, _keep, _launcher, _profile, _wait, _dryRun, _notify, _quiet, _json,
        };
        command.Exclude(_keepGoing, _failFast);
        _launcher.AcceptOnlyFromAmong(Local, Slurm);
        command.Validators.Add(result =>
        {
            Option[] refused = result.GetValue(_launcher) == Slurm ? [_fresh, _failFast, _jobs, _ranks, _noWait] : [_profile, _wait, _dryRun];
            foreach (var option in refused.Where(option => result.GetResult(option) is { Implicit: false }))
                result.AddError($"{option.Name} {(result.GetValue(_launcher) == Slurm ? "cannot be combined with" : "needs")} --launcher slurm");
        });
        command.SetAction(parsed =>
        {
            var context = lab.For(parsed);
            var (file, overrides, only) = (parsed.GetRequiredValue(_file), parsed.GetValue(_overrides) ?? [], parsed.GetValue(_only) ?? []);
            return parsed.GetValue(_plan)
                ? PlanVerb.Execute(context, file, overrides, only, Settings(parsed))
                : PlanLoader.Load(context, file, overrides, only, out var code) is not { } whole ? code
                : RefuseHalving(context, parsed, whole, only) ? ExitCode.Usage
                : parsed.GetValue(_dryRun) ? Preview(context, parsed, whole, only)
                : Notified(context, parsed, whole, only);
        });
        return command;
    }

    /// <summary>Reports options that exclude a halving: its rungs compare all arms, on this machine.</summary>
    private bool RefuseHalving(LabContext lab, ParseResult parsed, Plan whole, string[] only)
    {
        var option = whole.Experiment.Halving is null ? null
            : only.Length > 0 ? _only.Name
            : parsed.GetValue(_launcher) == Slurm ? _launcher.Name
            : null;
        if (option is not null)
            lab.Terminal.Error.WriteLine($"the experiment declares `halving`, which cannot be combined with {option}");
        return option is not null;
    }

    private int Notified(LabContext lab, ParseResult parsed, Plan whole, string[] only)
    {
        var notification = Notification.Of(parsed.GetValue(_notify), lab.WorkingDirectory);
        RunMessage? message = null;
        try
        {
            return Execute(lab, parsed, whole, only, out message);
        }
        finally
        {
            if (notification?.Send(message ?? RunMessage.Of(whole.Experiment.Name)) is { } problem)
                lab.Terminal.Error.WriteLine($"the notification was not sent: {problem}");
        }
    }

    private int Execute(LabContext lab, ParseResult parsed, Plan whole, string[] only, out RunMessage? message)
    {
        message = null;
        var profile = parsed.GetValue(_launcher) == Slurm ? Profile(lab, parsed) : null;
        if (parsed.GetNumber(_ranks) > 1)
            RankSupport.Check();
        // Before the database is opened: a rebuild in progress replaces the file.
        var paths = lab.Paths;
        var source = GitCommit.State(paths.WorkingDirectory, outputs: [paths.Store, paths.Database, paths.Reports]);
        var noted = new StoreRecords(lab.Store).Begin(whole, lab.Time.GetUtcNow(), source);
        if (noted.PatchOmitted is { } omitted)
            lab.Terminal.Error.WriteLine($"the record of the source is incomplete: {omitted}");
        var origin = new RunOrigin(CommandText.Of([.. parsed.Tokens.Select(token => token.Value)]), noted.Commit, noted.Patch);
        using var database = LabDatabase.OpenOrCreate(paths.Database);
        var queries = new RunQueries(database);
        var reports = new ReportPages(queries, paths);
        var before = reports.State(but: whole.Experiment.Name);
        var outcome = profile is null ? Run(lab, parsed, whole, only, noted, origin, database)
            : Submit(lab, parsed, whole, only, noted, origin, database, profile);
        if (profile is null && !outcome.Interrupted)
            DropSpent(lab, whole, parsed.GetKinds(_keep));
        var record = queries.Experiment(whole.Experiment.Name)
            ?? throw new InvalidOperationException($"the run of {whole.Experiment.Name} left no record in {paths.Database}");
        reports.Update(before, record);

        var results = Results.Of(record);
        message = RunMessage.Of(outcome, results, reports.File(record));
        if (outcome.Interrupted)
        {
            var done = outcome.Stages.Count(stage => stage.Status == StageStatus.Completed);
            lab.Terminal.Error.WriteLine($"interrupted with {done} of {outcome.Stages.Count} stages complete; "
                + (profile is null ? "run the same command to resume" : "the jobs continue, and the same command or `status` follows them"));
        }

        if (parsed.GetValue(_json))
            lab.Terminal.Out.WriteLine(RunReportJson.Write(outcome, results, reports.File(record), paths.Database));
        else
            WriteResults(lab, outcome, results, reports.File(record));
        return outcome.Interrupted && lab.Signals.Received is { } signal ? signal
            : outcome.AnyFailed ? ExitCode.RunsFailed
            : outcome.Interrupted ? ExitCode.Interrupted
            : results.Conflict is not null ? ExitCode.Incomparable
            : ExitCode.Ok;
    }

    /// <summary>Drops what later runs compute again quickly. A failure, such as a store that another process locks, costs only disk space.</summary>
    private static void DropSpent(LabContext lab, Plan whole, StoredFileKinds keep)
    {
        try
        {
            var dropped = SpentFiles.Drop(lab.Store, whole, keep, lab.Time).Dropped.ToList();
            if (dropped.Count > 0)
            {
                var kinds = dropped.Aggregate(StoredFileKinds.None, (all, item) => all | item.Kind);
                lab.Terminal.Error.WriteLine($"dropped {StoredFiles.Text(kinds)}, {ByteSize.Text(dropped.Sum(item => item.Bytes))}, which a later run computes again "
                    + "if it needs them; `--keep KIND` keeps them");
            }
        }
        catch (Exception error) when (error is LabException or StoreLockedException)
        {
            lab.Terminal.Error.WriteLine($"nothing was dropped from the store: {error.Message}");
        }
    }

    private RunSettings Settings(ParseResult parsed) => new(
        Device: parsed.GetRequiredValue(_device), Jobs: parsed.GetNumber(_jobs), CheckpointSeconds: parsed.GetValue(_checkpointEvery),
        MicroBatch: parsed.GetMicroBatch(_microBatch), Recompute: parsed.GetValue(_recompute), DecodeThreads: parsed.GetNumber(_decodeThreads),
        Ranks: parsed.GetNumber(_ranks));

    private RunOutcome Run(
        LabContext lab, ParseResult parsed, Plan whole, string[] only, PlanRecord noted, RunOrigin origin, LabDatabase database)
    {
        var store = lab.Store;
        using var runLog = new RunLog(database, noted);
        var settings = Settings(parsed);
        using var console = new ConsoleRunLog(
            lab.Terminal, lab.Time, parsed.GetValue(_quiet), store.FindLog, EarlierTimes.Of(new RunQueries(database), settings), EarlierTimes.Jobs(settings));
        lab.Signals.Say = console.Say;
        var coordinator = new Coordinator(
            store,
            new RunLogs(runLog, console, whole, store.IsComplete),
            lab.Launcher,
            settings,
            new RunOptions(
                parsed.GetValue(_failFast), parsed.GetValue(_fresh), parsed.GetValue(_retryFailed), !parsed.GetValue(_noWait), origin,
                new(() => StageFlops.Of(whole, lab.WorkingDirectory)),
                new(() => StageMemory.Of(whole, lab.WorkingDirectory)),
                parsed.GetKinds(_keep)),
            lab.WorkingDirectory,
            lab.Time);
        try
        {
            return coordinator.Run(ArmFilter.Limit(whole, only), lab.Signals.Stop, lab.Signals.Abort);
        }
        catch (OperationCanceledException) when (lab.Signals.Received is not null)
        {
            console.Say("interrupted before any stage started; run the same command to start again");
            throw;
        }
    }

    private ClusterProfile Profile(LabContext lab, ParseResult parsed) =>
        ClusterProfileFile.Read(Path.GetFullPath(parsed.GetValue(_profile) ?? ClusterProfileFile.DefaultName, lab.WorkingDirectory));

    /// <summary>Prints the batch scripts, without a look at the queue.</summary>
    private int Preview(LabContext lab, ParseResult parsed, Plan whole, string[] only)
    {
        var order = new JobOrder(Profile(lab, parsed), Settings(parsed), lab.WorkingDirectory, LabContext.Words());
        var times = EarlierTimes.Read(lab, queries => queries.StageTimes());
        var submission = JobSubmission.Of(
            lab.Store, ArmFilter.Limit(whole, only), [], order, new RunOptions(RetryFailed: parsed.GetValue(_retryFailed), Keep: parsed.GetKinds(_keep)),
            stage => times.Guess(stage.Definition)?.WallSeconds);
        foreach (var script in submission.Describe())
            lab.Terminal.Out.WriteLine(script);
        lab.Terminal.Error.WriteLine(ClusterText.Summary(submission.Arrays, "to submit"));
        return ExitCode.Ok;
    }

    /// <summary>Submits jobs for what is neither complete nor queued, and follows them if the user asked for it.</summary>
    private RunOutcome Submit(
        LabContext lab, ParseResult parsed, Plan whole, string[] only, PlanRecord noted, RunOrigin origin, LabDatabase database, ClusterProfile profile)
    {
        var queries = new RunQueries(database);
        var (limited, settings, times) = (ArmFilter.Limit(whole, only), Settings(parsed), queries.StageTimes());
        var options = new RunOptions(
            RetryFailed: parsed.GetValue(_retryFailed), Origin: origin, Flops: new(() => StageFlops.Of(whole, lab.WorkingDirectory)),
            Memory: new(() => StageMemory.Of(whole, lab.WorkingDirectory)), Keep: parsed.GetKinds(_keep));
        var submission = JobSubmission.Of(
            lab.Store, limited, lab.Scheduler.Queue(), new JobOrder(profile, settings, lab.WorkingDirectory, LabContext.Words()), options,
            stage => times.Guess(stage.Definition)?.WallSeconds);
        submission.Submit(lab.Scheduler);
        lab.Terminal.Error.WriteLine(ClusterText.Summary(submission.Arrays, "submitted"));

        using var runLog = new RunLog(database, noted);
        using var console = new ConsoleRunLog(lab.Terminal, lab.Time, parsed.GetValue(_quiet), lab.Store.FindLog, times);
        IRunLog log = parsed.GetValue(_wait) ? new RunLogs(runLog, console, whole, lab.Store.IsComplete) : runLog;
        var complete = whole.Stages.Select(stage => stage.Key).Where(lab.Store.IsComplete).ToHashSet();
        log.Begin(parsed.GetValue(_wait) ? limited : whole, complete);
        var progress = new JobProgress(
            lab.Store, log, lab.Time, whole.Experiment.Name, [.. limited.Stages.Select(PlannedStage.Of)], queries.CompletedAttempts());
        var open = ClusterView.Follow(lab, progress, whole.Experiment.Name, parsed.GetValue(_wait));
        runLog.Leave();
        console.Dispose();
        if (!parsed.GetValue(_wait))
            lab.Terminal.Error.Write(ClusterText.Table(progress.States));
        var nodes = limited.Stages.ToDictionary(stage => stage.Key);
        return new(
            [.. progress.States.Select(state => new StageOutcome(
                nodes[state.Stage.Key], state.Status, complete.Contains(state.Stage.Key), state.Reason, null))],
            open && parsed.GetValue(_wait));
    }

    private static void WriteResults(LabContext lab, RunOutcome outcome, Results results, string report)
    {
        if (!outcome.Interrupted || results.Rows.Any(row => row.Values.Count > 0))
        {
            lab.Terminal.Text.Write(ResultsText.Write(results, lab.Terminal.Width));
            lab.Terminal.Out.WriteLine();
        }

        lab.Terminal.Out.WriteLine($"report:   {lab.Paths.Show(report)}");
        lab.Terminal.Out.WriteLine($"database: {lab.Paths.Show(lab.Paths.Database)}");
        if (results.Conflict is { } conflict)
            lab.Terminal.Error.WriteLine($"not comparable: {conflict}");
    }
}

/// <summary>
/// Passes the events of a run to the database and to the console. The database receives the whole plan even if only some arms run, so
/// that its reports keep all arms.
/// </summary>
/// <param name="isComplete">Whether the output of a stage is in the store.</param>
internal sealed class RunLogs(RunLog database, ConsoleRunLog console, Plan whole, Func<string, bool> isComplete) : IRunLog
{
    public void Notice(string text)
    {
        database.Notice(text);
        console.Notice(text);
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        var running = plan.Stages.Select(stage => stage.Key).ToHashSet();
        var others = whole.Stages.Select(stage => stage.Key).Where(key => !running.Contains(key) && isComplete(key));
        database.Begin(whole, cached.Concat(others).ToHashSet());
        console.Begin(plan, cached);
    }

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        database.Status(stageKey, status, reason);
        console.Status(stageKey, status, reason);
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        database.Ingest(stageKey, attempt, lines, folder);
        console.Ingest(stageKey, attempt, lines, folder);
    }

    public void End(Plan plan)
    {
        database.End(whole);
        console.End(plan);
    }
}

/// <summary>The results of a run as JSON.</summary>
internal static class RunReportJson
{
    public static string Write(RunOutcome outcome, Results results, string report, string database) => JsonText.Of(new RunJson(
        outcome.Interrupted ? "interrupted" : outcome.Stages.Any(stage => stage.Status is StageStatus.Queued or StageStatus.Running) ? "queued"
            : outcome.Succeeded ? "completed" : "failed",
        new(
            outcome.Stages.Count,
            outcome.Stages.Count(stage => stage.Cached),
            outcome.Stages.Count(stage => stage is { Cached: false, Status: StageStatus.Completed }),
            outcome.Stages.Count(stage => stage.Status.IsFailure())),
        results.Record.Name,
        results.Record.PrimaryMetric,
        [.. results.Rows.Select(row => new Row(
            row.Name, row.Baseline, row.Steps, row.Planned,
            row.Values.Where(value => value.Value.Count > 0).ToDictionary(
                value => value.Key, value => new Value(value.Value.Mean, value.Value.Deviation, value.Value.Count))))],
        results.Record.SmallestRelevantEffect,
        [.. results.Primary.Decisions.Select(result => new Contrast(
            result.Contrast.Name,
            result.Metric,
            ComparisonText.Word(result.Verdict),
            result.IsPartial,
            result.Scale == EffectScale.LogRatio ? "logRatio" : "difference",
            result.Mean,
            result.Interval?.Low,
            result.Interval?.High,
            result.Effects.Count,
            ComparisonText.Reason(result)))],
        [.. results.Record.Runs.Select(run => new Run(run.Id, run.Arm, run.Seed, run.Pilot, run.Status))],
        report,
        database));

    private sealed record RunJson(
        string Status, Stages Stages, string Experiment, string PrimaryMetric, IReadOnlyList<Row> Results, double? SmallestRelevantEffect,
        IReadOnlyList<Contrast> Verdicts, IReadOnlyList<Run> Runs, string Report, string Database);

    private sealed record Stages(int Total, int Reused, int Computed, int Failed);

    private sealed record Row(string Arm, bool Baseline, int Steps, int Runs, IReadOnlyDictionary<string, Value> Metrics);

    private sealed record Value(double Mean, double? Sd, int N);

    private sealed record Contrast(
        [property: JsonPropertyName("contrast")] string Name,
        string Metric,
        string Verdict,
        bool Partial,
        string Scale,
        double? Effect,
        double? Low,
        double? High,
        int N,
        string Reason);

    private sealed record Run(string Id, string Arm, long Seed, bool Pilot, string Status);
}
