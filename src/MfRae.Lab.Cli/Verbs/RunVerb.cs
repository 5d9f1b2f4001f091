using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Writing;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The main job: from an experiment file to results, a database and a report.</summary>
public sealed class RunVerb(
    Terminal terminal,
    LabPaths places,
    PlanLoader loader,
    ArtifactStore store,
    IWorkerLauncher launcher,
    StopSignals signals,
    TimeProvider time)
{
    public int Execute(RunRequest request)
    {
        if (loader.Load(request.File, request.Overrides, request.Only, out var code) is not { } whole)
            return code;

        // Before the database is opened: a rebuild that goes on puts another file in its place.
        var source = GitCommit.State(places.WorkingDirectory, outputs: [places.Store, places.Database, places.Reports]);
        var noted = new StoreRecords(store).Begin(whole, time.GetUtcNow(), source);
        if (noted.PatchOmitted is { } omitted)
            terminal.Error.WriteLine($"the record of the source is incomplete: {omitted}");
        var origin = new RunOrigin(CommandText.Of(request.Arguments), noted.Commit, noted.Patch);
        using var database = LabDatabase.OpenOrCreate(places.Database);
        var queries = new RunQueries(database);
        var reports = new ReportPages(queries, places);
        var before = reports.State(but: whole.Experiment.Name);
        var outcome = Run(request, whole, noted, origin, database);
        var record = queries.Experiment(whole.Experiment.Name)
            ?? throw new InvalidOperationException($"the run of {whole.Experiment.Name} left nothing in {places.Database}");
        reports.Update(before, record);

        var results = Results.Of(record);
        Tell(request, outcome, results, reports.File(record));
        return Code(outcome, results);
    }

    private RunOutcome Run(RunRequest request, Plan whole, PlanRecord noted, RunOrigin origin, LabDatabase database)
    {
        using var runLog = new RunLog(database, noted);
        using var console = new ConsoleRunLog(terminal, time, request.Quiet, store.FindLog);
        signals.Say = console.Say;
        var log = new CompositeRunLog(new WholePlanLog(runLog, whole, store.IsComplete), console);
        var runner = new Coordinator(
            store,
            log,
            launcher,
            new RunSettings(Device: request.Device, Jobs: request.Jobs, CheckpointSeconds: request.CheckpointSeconds),
            new RunOptions(
                request.FailFast, request.Fresh, request.RetryFailed, request.Wait, origin,
                new(() => StageFlops.Of(whole, places.WorkingDirectory))),
            places.WorkingDirectory,
            time);
        try
        {
            return runner.Run(ArmFilter.Limit(whole, request.Only), signals.Stop, signals.Abort);
        }
        catch (OperationCanceledException) when (signals.Received is not null)
        {
            console.Say("interrupted before anything was started; run the same command to start it");
            throw;
        }
    }

    private void Tell(RunRequest request, RunOutcome outcome, Results results, string reportFile)
    {
        if (outcome.Interrupted)
        {
            var done = outcome.Stages.Count(stage => stage.Status == StageStatus.Completed);
            terminal.Error.WriteLine($"interrupted with {done} of {outcome.Stages.Count} stages complete; run the same command to resume");
        }

        if (request.Json)
        {
            var report = new RunReport(
                outcome.Interrupted ? "interrupted" : outcome.Succeeded ? "completed" : "failed",
                outcome.Stages.Count,
                outcome.Stages.Count(stage => stage.Cached),
                outcome.Stages.Count(stage => stage is { Cached: false, Status: StageStatus.Completed }),
                outcome.Stages.Count(stage => stage.Status.IsFailure()),
                results,
                reportFile,
                places.Database);
            terminal.Out.WriteLine(RunReportJson.Write(report));
            return;
        }

        if (!outcome.Interrupted || results.Rows.Any(row => row.Values.Count > 0))
        {
            terminal.Text.Write(ResultsText.Write(results, terminal.Width));
            terminal.Out.WriteLine();
        }

        terminal.Out.WriteLine($"report:   {places.Show(reportFile)}");
        terminal.Out.WriteLine($"database: {places.Show(places.Database)}");
        if (results.Conflict is { } conflict)
            terminal.Error.WriteLine($"not comparable: {conflict}");
    }

    private int Code(RunOutcome outcome, Results results) =>
        signals.Received is { } signal && outcome.Interrupted ? signal
        : outcome.AnyFailed ? ExitCode.RunsFailed
        : outcome.Interrupted ? ExitCode.Interrupted
        : results.Conflict is not null ? ExitCode.Incomparable
        : ExitCode.Ok;
}

/// <summary>What the user asked `run` for.</summary>
/// <param name="Overrides">`path.to.option=value` and `seeds=0-5`, as written.</param>
/// <param name="CheckpointSeconds">Seconds between two checkpoints of a training.</param>
/// <param name="Only">Arms to run; empty: all.</param>
/// <param name="Arguments">The words of the command line, for the record.</param>
public sealed record RunRequest(
    string File,
    IReadOnlyList<string> Overrides,
    IReadOnlyList<string> Only,
    string Device,
    int Jobs,
    bool Fresh,
    bool FailFast,
    bool RetryFailed,
    bool Wait,
    int CheckpointSeconds,
    bool Quiet,
    bool Json,
    IReadOnlyList<string> Arguments);

/// <summary>Tells the database of the experiment's whole plan while only some arms of it run: the others stay in its reports.</summary>
/// <param name="isComplete">Whether a stage's artifact is there.</param>
public sealed class WholePlanLog(IRunLog inner, Plan whole, Func<string, bool> isComplete) : IRunLog
{
    public void Notice(string text) => inner.Notice(text);

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        var running = plan.Stages.Select(stage => stage.Key).ToHashSet();
        var others = whole.Stages.Select(stage => stage.Key).Where(key => !running.Contains(key) && isComplete(key));
        inner.Begin(whole, cached.Concat(others).ToHashSet());
    }

    public void Status(string stageKey, StageStatus status, string? reason = null) => inner.Status(stageKey, status, reason);

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder) =>
        inner.Ingest(stageKey, attempt, lines, folder);

    public void End(Plan plan) => inner.End(whole);
}

/// <summary>Tells several logs the same, in their order.</summary>
public sealed class CompositeRunLog(params IReadOnlyList<IRunLog> logs) : IRunLog
{
    public void Notice(string text)
    {
        foreach (var log in logs)
            log.Notice(text);
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        foreach (var log in logs)
            log.Begin(plan, cached);
    }

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        foreach (var log in logs)
            log.Status(stageKey, status, reason);
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        foreach (var log in logs)
            log.Ingest(stageKey, attempt, lines, folder);
    }

    public void End(Plan plan)
    {
        foreach (var log in logs)
            log.End(plan);
    }
}

/// <summary>Computes one stage. Started by the coordinator, which holds the other end of standard input.</summary>
public sealed class WorkerVerb(Func<Stream> openInput, TimeProvider time)
{
    public int Execute(string folder)
    {
        var settings = StageSpecFile.Read(folder).Settings;
        var device = WorkerNumerics.Prepare(settings.Device, settings.Threads);
        using var signals = new WorkerSignals();
        using var input = openInput();
        return Worker.Run(folder, StageFactory.Create, device, settings.Threads, input, time, signals.Stop);
    }
}
