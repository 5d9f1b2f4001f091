using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>The coordinator: carries a plan out, reusing what the store holds, one worker for each stage to compute.</summary>
/// <param name="settings">With the device resolved: `auto` counts as a CPU when jobs are shared out.</param>
/// <param name="workingDirectory">Where relative paths in options start.</param>
public sealed class Coordinator(
    ArtifactStore store,
    IRunLog log,
    IWorkerLauncher launcher,
    RunSettings settings,
    RunOptions options,
    string workingDirectory,
    TimeProvider time)
{
    private readonly int _cores = Environment.ProcessorCount;
    private readonly StageAttempts _attempts = new(store, log, launcher, options, workingDirectory, time);

    /// <summary>Runs until everything that can be computed is.</summary>
    /// <param name="stop">Workers write checkpoints and end, then this returns.</param>
    /// <param name="abort">Workers are killed, then this returns.</param>
    /// <exception cref="StoreLockedException">A live process works on a stage that is needed. What was started has been ended.</exception>
    /// <exception cref="LabException">Workers cannot be started here, or the store cannot be written. What was started has been ended,
    /// after a checkpoint where one could be written.</exception>
    /// <exception cref="OperationCanceledException">Stopped before anything was started.</exception>
    public RunOutcome Run(Plan plan, CancellationToken stop, CancellationToken abort = default)
    {
        try
        {
            return Execute(plan, stop, abort);
        }
        catch (Exception e) when (e is not LabException && FileFault.OfStore(e, store) is { } fault)
        {
            throw fault;
        }
    }

    private RunOutcome Execute(Plan plan, CancellationToken stop, CancellationToken abort)
    {
        ArtifactStore.CreateFolder(store.Root);
        var graph = new RunGraph(plan.Stages);
        using var claim = RunPreparation.Take(store, log, graph, plan.Experiment.Name, options, time, stop);
        var (findings, needs, leases) = claim;
        foreach (var stage in claim.Touched(graph).Where(stage => store.IsComplete(stage.Key)))
        {
            // Another run may have put it right before this one got its lease.
            if (options.Fresh || !store.Verify(stage.Key, stop).Ok)
            {
                store.SetAside(stage.Key, findings[stage.Key].Detail ?? "a run was asked to compute everything afresh");
            }
        }

        log.Begin(plan, needs.Where(need => need.Value == StageAction.Cached).Select(need => need.Key).ToHashSet());
        var runs = plan.Stages.Select(stage => new StageRun(stage)).ToDictionary(run => run.Key);
        foreach (var stage in plan.Stages)
        {
            Introduce(runs[stage.Key], needs[stage.Key], findings[stage.Key]);
            leases.Refresh();
        }

        foreach (var run in runs.Values.Where(run => run.Status == StageStatus.Diverged))
        {
            SkipUsers(graph, runs, run);
        }

        var interrupted = Loop(graph, runs, leases, stop, abort);
        log.End(plan);
        return new([.. runs.Values.Select(Outcome)], interrupted);

        StageOutcome Outcome(StageRun run) => new(run.Node, run.Status, run.Cached, run.Error, store.FindLog(run.Key, run.Attempt));
    }

    /// <summary>
    /// Tells the log what the run begins with; journals of earlier runs too, so that the store alone rebuilds the database.
    /// </summary>
    private void Introduce(StageRun run, StageAction need, StoredStage finding)
    {
        run.Cached = need is StageAction.Cached or StageAction.AlreadyUsed;
        run.StartOver = options.Fresh || finding.State == StoredStageState.Failed;
        switch (need)
        {
            case StageAction.Cached:
                JournalTail.PumpAll(store, log, run.Key);
                _attempts.End(run, StageStatus.Completed, null);
                break;
            case StageAction.Diverged:
                JournalTail.PumpAll(store, log, run.Key);
                _attempts.End(run, StageStatus.Diverged, finding.Detail);
                break;
            case StageAction.AlreadyUsed:
                run.Status = StageStatus.Completed;
                var gone = Reason(finding, "its files are gone");
                log.Status(run.Key, StageStatus.Completed, $"{gone}, and nothing that is to be computed needs them");
                break;
            case StageAction.NotNeeded:
                _attempts.End(run, StageStatus.Skipped, "only stages that are skipped need it");
                break;
            default:
                log.Status(run.Key, StageStatus.Queued, Reason(finding, null));
                break;
        }
    }

    private static string? Reason(StoredStage finding, string? otherwise) =>
        finding.State == StoredStageState.Damaged ? $"its files did not verify and were set aside ({finding.Detail})" : otherwise;

    /// <returns>Whether the run was interrupted.</returns>
    private bool Loop(
        RunGraph graph,
        Dictionary<string, StageRun> runs,
        StageLeases leases,
        CancellationToken stop,
        CancellationToken abort)
    {
        var order = new StartOrder(graph);
        var stopping = false;
        var failedFast = false;
        try
        {
            while (true)
            {
                if ((stop.IsCancellationRequested || abort.IsCancellationRequested || failedFast) && !stopping)
                {
                    stopping = true;
                    RunningWorkers.Each(runs.Values, worker => worker.RequestStop());
                }

                if (abort.IsCancellationRequested)
                {
                    RunningWorkers.Each(runs.Values, worker => worker.Kill());
                }

                if (!stopping)
                {
                    StartReady(order, runs, leases);
                }

                var running = runs.Values.Where(run => run.Worker is not null).ToList();
                if (running.Count == 0 && (stopping || runs.Values.All(run => run.Status != StageStatus.Queued)))
                {
                    break;
                }

                RunningWorkers.WaitForAny(running);
                foreach (var run in running)
                {
                    Follow(graph, runs, run, stopping, leases);
                    failedFast |= options.FailFast && run.Status.IsFailure();
                }

                if (leases.Refresh() is [var lost, ..])
                {
                    var label = runs[lost].Node.Label;
                    throw new StoreLockedException(
                        $"another process took the stage {label} over: this one gave no sign of life for too long");
                }
            }
        }
        catch (Exception e) when (e is LabException or StoreLockedException || FileFault.OfStore(e, store) is not null)
        {
            RunningWorkers.Each(runs.Values, worker => worker.RequestStop());
            RunningWorkers.WaitForAll(runs.Values, time);
            RunningWorkers.KillAll(runs.Values);
            Leave(runs);
            throw;
        }
        finally
        {
            RunningWorkers.KillAll(runs.Values);
        }

        Dequeue(runs, failedFast ? "the run stopped at the first failure" : "the run was interrupted");
        return stop.IsCancellationRequested || abort.IsCancellationRequested
            || (!failedFast && runs.Values.Any(run => run.Status == StageStatus.Interrupted));
    }

    /// <summary>Fills the free places with what is ready, in the order of <see cref="StartOrder"/>.</summary>
    private void StartReady(StartOrder order, Dictionary<string, StageRun> runs, StageLeases leases)
    {
        var running = runs.Values.Count(run => run.Worker is not null);
        for (bool more = true; more;)
        {
            // A stage that turns out to be complete makes others ready at once.
            more = false;
            var ready = order.Ready(runs);
            if (ready.Count == 0 && running == 0 && runs.Values.FirstOrDefault(run => run.Status == StageStatus.Queued) is { } stuck)
            {
                throw new InvalidOperationException($"the stage {stuck.Node.Label} can never start: none of its inputs is running");
            }

            foreach (var run in ready.TakeWhile(_ => running < ResourceAllocation.Jobs(settings, _cores)))
            {
                run.Slot = FreePlace(runs);
                if (!_attempts.TryStart(run, ResourceAllocation.Of(settings, _cores, run.Slot)))
                {
                    continue;
                }

                if (run.Worker is not null)
                {
                    running++;
                }
                else
                {
                    leases.Release(run.Key);
                    more = true;
                }
            }
        }
    }

    private static int FreePlace(Dictionary<string, StageRun> runs)
    {
        var taken = runs.Values.Where(run => run.Worker is not null).Select(run => run.Slot).ToHashSet();
        return Enumerable.Range(0, taken.Count + 1).First(place => !taken.Contains(place));
    }

    private void Follow(RunGraph graph, Dictionary<string, StageRun> runs, StageRun run, bool stopping, StageLeases leases)
    {
        if (!run.Worker!.Exit.IsCompleted)
        {
            run.Tail!.Pump();
            return;
        }

        _attempts.Settle(run, stopping);
        if (run.Status == StageStatus.Queued)
        {
            return;
        }

        leases.Release(run.Key);
        if (run.Status != StageStatus.Completed && !stopping)
        {
            SkipUsers(graph, runs, run);
        }
    }

    private void SkipUsers(RunGraph graph, Dictionary<string, StageRun> runs, StageRun culprit)
    {
        var how = culprit.Status.Predicate();
        var doomed = new Queue<StageNode>(graph.Users(culprit.Key));
        while (doomed.TryDequeue(out var user))
        {
            if (runs[user.Key].Status == StageStatus.Queued)
            {
                _attempts.End(runs[user.Key], StageStatus.Skipped, $"it needs {culprit.Node.Label}, which {how}");
                foreach (var next in graph.Users(user.Key))
                {
                    doomed.Enqueue(next);
                }
            }
        }
    }

    /// <summary>As <see cref="Dequeue"/>, after a fault that may be that of the log.</summary>
    private void Leave(Dictionary<string, StageRun> runs)
    {
        try
        {
            Dequeue(runs, "the run could not go on");
        }
        catch (Exception e) when (e is LabException or StoreLockedException or IOException or UnauthorizedAccessException)
        {
            // The fault that ended the run is the one to tell. The next run tells the log of everything again.
        }
    }

    /// <summary>No stage stays queued or running behind a run that has ended.</summary>
    private void Dequeue(Dictionary<string, StageRun> runs, string reason)
    {
        foreach (var run in runs.Values.Where(run => run.Status is StageStatus.Queued or StageStatus.Running))
        {
            _attempts.End(run, run.Status == StageStatus.Queued ? StageStatus.Planned : StageStatus.Interrupted, reason);
        }
    }
}

/// <summary>How a plan is carried out.</summary>
/// <param name="FailFast">Stop at the first stage that fails or diverges, instead of going on with what does not need it.</param>
/// <param name="Fresh">Set what is there of the plan's stages aside, and compute all of it again.</param>
/// <param name="RetryFailed">Compute stages from their beginning that failed or diverged in an earlier run. Without it a stage that failed
/// goes on from its checkpoint, and one that diverged is left alone: divergence is a result like any other.</param>
/// <param name="Wait">Wait for a live process that computes a stage of the plan, instead of giving up.</param>
/// <param name="Origin">The command and its source, for the record of each attempt.</param>
/// <param name="Flops">Stage key → floating-point operations, estimated, for the same record; asked for when the first stage starts.</param>
public sealed record RunOptions(
    bool FailFast = false,
    bool Fresh = false,
    bool RetryFailed = false,
    bool Wait = true,
    RunOrigin? Origin = null,
    Lazy<IReadOnlyDictionary<string, double>>? Flops = null);

/// <summary>How a plan ended.</summary>
/// <param name="Stages">Every stage, in the order of the plan.</param>
/// <param name="Interrupted">Whether the run or one of its workers was asked to stop: the same command goes on from the
/// checkpoints.</param>
public sealed record RunOutcome(IReadOnlyList<StageOutcome> Stages, bool Interrupted)
{
    public bool Succeeded => Stages.All(stage => stage.Status == StageStatus.Completed);

    public bool AnyFailed => Stages.Any(stage => stage.Status.IsFailure());
}

/// <summary>How a stage of a plan ended.</summary>
/// <param name="Cached">Whether nothing had to be computed.</param>
/// <param name="Error">For the user: what went wrong or why nothing was done; null where all is well.</param>
/// <param name="LogPath">The output of the last worker of this run, where there is one.</param>
public sealed record StageOutcome(StageNode Node, StageStatus Status, bool Cached, string? Error, string? LogPath);
