using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Runs a plan: reuses complete stages of the store and starts a worker for each stage to compute.</summary>
/// <param name="store">The store.</param>
/// <param name="log">Receives the events of the run.</param>
/// <param name="launcher">Starts the workers.</param>
/// <param name="settings">The run settings with a resolved device; `auto` counts as a CPU when jobs are assigned.</param>
/// <param name="options">The options of the run.</param>
/// <param name="workingDirectory">The folder that relative paths in options refer to.</param>
/// <param name="time">The clock.</param>
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

    /// <summary>Runs until every stage that can be computed is complete.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stop">Asks the workers to write checkpoints and exit; then the method returns.</param>
    /// <param name="abort">Kills the workers; then the method returns.</param>
    /// <exception cref="StoreLockedException">A live process works on a stage of the plan. All started workers have exited.</exception>
    /// <exception cref="LabException">Workers cannot be started, or the store cannot be written. All started workers have exited, after
    /// a checkpoint if they could write one.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped before a worker was started.</exception>
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
            // Another run may have completed the stage before this one got its lease.
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

        foreach (var run in runs.Values.Where(run => run.Status is StageStatus.Diverged or StageStatus.Stopped))
        {
            SkipUsers(graph, runs, run);
        }

        var order = new StartOrder(graph, plan.Runs, ResourceAllocation.Jobs(settings, _cores));
        var interrupted = Loop(order, new HalvingGate(plan, HalvingGate.In(store)), graph, runs, leases, stop, abort);
        log.End(plan);
        return new([.. runs.Values.Select(Outcome)], interrupted);

        StageOutcome Outcome(StageRun run) => new(run.Node, run.Status, run.Cached, run.Error, store.FindLog(run.Key, run.Attempt));
    }

    /// <summary>
    /// Reports the initial states to the log, with the journals of earlier runs, so that the store alone can rebuild the database.
    /// </summary>
    private void Introduce(StageRun run, StageAction need, StoredStage finding)
    {
        run.Cached = need is StageAction.Cached or StageAction.AlreadyUsed;
        run.Restores = need == StageAction.Run && finding.State == StoredStageState.Complete;
        run.StartOver = options.Fresh || finding.State == StoredStageState.Failed;
        switch (need)
        {
            case StageAction.Cached:
                JournalTail.PumpAll(store, log, run.Key);
                _attempts.End(run, StageStatus.Completed, null);
                break;
            case StageAction.Diverged:
                JournalTail.PumpAll(store, log, run.Key);
                _attempts.End(run, finding.End, finding.Detail);
                break;
            case StageAction.AlreadyUsed:
                run.Status = StageStatus.Completed;
                var gone = Reason(finding, "its files are gone");
                log.Status(run.Key, StageStatus.Completed, $"{gone}, and no stage to compute needs them");
                break;
            case StageAction.NotNeeded:
                _attempts.End(run, StageStatus.Skipped, "needed only by skipped stages");
                break;
            default:
                log.Status(run.Key, StageStatus.Queued, Reason(
                    finding, run.Restores ? $"it has dropped its {StoredFiles.Text(finding.Dropped)}, which are computed again" : null));
                break;
        }
    }

    private static string? Reason(StoredStage finding, string? otherwise) =>
        finding.State == StoredStageState.Damaged ? $"its files were damaged and were set aside ({finding.Detail})" : otherwise;

    /// <returns>Whether the run was interrupted.</returns>
    private bool Loop(
        StartOrder order,
        HalvingGate gate,
        RunGraph graph,
        Dictionary<string, StageRun> runs,
        StageLeases leases,
        CancellationToken stop,
        CancellationToken abort)
    {
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
                    StopArms(gate, runs, leases);
                    StartReady(order, gate, runs, leases);
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
                        $"another process took over the stage {label}, because this process renewed its lease too late");
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

    /// <summary>Starts ready stages on the free slots, in the order of <see cref="StartOrder"/>.</summary>
    private void StartReady(StartOrder order, HalvingGate gate, Dictionary<string, StageRun> runs, StageLeases leases)
    {
        var running = runs.Values.Count(run => run.Worker is not null);
        for (bool more = true; more;)
        {
            // A stage that is already complete can make other stages ready at once.
            more = false;
            var ready = order.Ready(runs, gate.Holds);
            if (ready.Count == 0 && running == 0)
            {
                // A pilot run failed, so its rung cannot be decided.
                foreach (var held in runs.Values.Where(run => run.Status == StageStatus.Queued && gate.Holds(run.Key)))
                {
                    leases.Release(held.Key);
                    _attempts.End(held, StageStatus.Skipped, gate.Blocked());
                }
            }

            if (ready.Count == 0 && running == 0 && runs.Values.FirstOrDefault(run => run.Status == StageStatus.Queued) is { } stuck)
            {
                throw new InvalidOperationException($"the stage {stuck.Node.Label} can never start: no input of it is running");
            }

            foreach (var run in ready.TakeWhile(_ => running < ResourceAllocation.Jobs(settings, _cores)))
            {
                run.Slot = FreePlace(runs);
                if (!_attempts.TryStart(run, ResourceAllocation.Of(settings, _cores, run.Slot), leases.Token))
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

    /// <summary>Ends the stages of arms that a rung has stopped.</summary>
    private void StopArms(HalvingGate gate, Dictionary<string, StageRun> runs, StageLeases leases)
    {
        var (decision, stopped) = gate.Update(runs);
        if (decision is not null)
        {
            log.Notice(decision);
        }

        foreach (var (run, reason) in stopped)
        {
            leases.Release(run.Key);
            _attempts.End(run, StageStatus.Stopped, reason);
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

    /// <summary>As <see cref="Dequeue"/>, after a failure that the log itself may have caused.</summary>
    private void Leave(Dictionary<string, StageRun> runs)
    {
        try
        {
            Dequeue(runs, "the run could not continue");
        }
        catch (Exception e) when (e is LabException or StoreLockedException or IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report. The next run reports all states to the log again.
        }
    }

    /// <summary>Gives the queued stages a final state at the end of a run.</summary>
    private void Dequeue(Dictionary<string, StageRun> runs, string reason)
    {
        foreach (var run in runs.Values.Where(run => run.Status is StageStatus.Queued or StageStatus.Running))
        {
            _attempts.End(run, run.Status == StageStatus.Queued ? StageStatus.Planned : StageStatus.Interrupted, reason);
        }
    }
}

/// <summary>Options of a run.</summary>
/// <param name="FailFast">Whether to stop at the first stage that fails or diverges, instead of continuing with independent stages.</param>
/// <param name="Fresh">Whether to set existing stages of the plan aside and compute them again.</param>
/// <param name="RetryFailed">Whether to recompute stages that failed or diverged in an earlier run from the beginning. Otherwise a failed stage
/// resumes from its checkpoint, and a diverged stage is skipped, because divergence is a result.</param>
/// <param name="Wait">Whether to wait for a live process that computes a stage of the plan, instead of failing.</param>
/// <param name="Origin">The command and its source, for the record of each attempt.</param>
/// <param name="Flops">The estimated floating-point operations by stage key, for the same record; evaluated when the first stage starts.</param>
/// <param name="Memory">The estimated memory of trainings by stage key; evaluated for micro-batches that depend on the free memory.</param>
/// <param name="Keep">The kinds of files that all stages have after the run: files that were dropped are computed again.</param>
public sealed record RunOptions(
    bool FailFast = false,
    bool Fresh = false,
    bool RetryFailed = false,
    bool Wait = true,
    RunOrigin? Origin = null,
    Lazy<IReadOnlyDictionary<string, double>>? Flops = null,
    Lazy<IReadOnlyDictionary<string, TrainingMemory>>? Memory = null,
    StoredFileKinds Keep = StoredFileKinds.None);

/// <summary>The result of running a plan.</summary>
/// <param name="Stages">All stages, in plan order.</param>
/// <param name="Interrupted">Whether the run or one of its workers was asked to stop; the same command resumes from the
/// checkpoints.</param>
public sealed record RunOutcome(IReadOnlyList<StageOutcome> Stages, bool Interrupted)
{
    /// <summary>Whether every stage is complete.</summary>
    public bool Succeeded => Stages.All(stage => stage.Status == StageStatus.Completed);

    /// <summary>Whether a stage failed.</summary>
    public bool AnyFailed => Stages.Any(stage => stage.Status.IsFailure());
}

/// <summary>The result of a stage in a run.</summary>
/// <param name="Node">The stage.</param>
/// <param name="Status">The final status.</param>
/// <param name="Cached">Whether the stage was already complete.</param>
/// <param name="Error">A message for the user: the error, or the reason why the stage was not computed; null otherwise.</param>
/// <param name="LogPath">The path of the last worker's output in this run, or null.</param>
public sealed record StageOutcome(StageNode Node, StageStatus Status, bool Cached, string? Error, string? LogPath);
