using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The main job: from an experiment file to results, a database and a report.</summary>
public sealed class RunVerb(
    Terminal terminal,
    Places places,
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
        var reports = new Reports(queries, places);
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
        var runner = new StageRunner(
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
