using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>The coordinator: carries a plan out, reusing what the store holds, one worker for each stage to compute.</summary>
/// <param name="settings">With the device resolved: `auto` counts as a CPU when jobs are shared out.</param>
/// <param name="workingDirectory">Where relative paths in options start.</param>
public sealed class StageRunner(
    ArtifactStore store,
    IRunLog log,
    IWorkerLauncher launcher,
    RunSettings settings,
    RunOptions options,
    string workingDirectory,
    TimeProvider time)
{
    private readonly int cores = Environment.ProcessorCount;
    private readonly StageAttempts attempts = new(store, log, launcher, options, workingDirectory, time);

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
            return Carry(plan, stop, abort);
        }
        catch (Exception e) when (e is not LabException && FileFault.OfStore(e, store) is { } fault)
        {
            throw fault;
        }
    }

    private RunOutcome Carry(Plan plan, CancellationToken stop, CancellationToken abort)
    {
        ArtifactStore.CreateFolder(store.Root);
        var graph = new RunGraph(plan.Stages);
        using var claim = StageClaim.Take(store, log, graph, plan.Experiment.Name, options, time, stop);
        var (findings, needs, leases) = claim;
        foreach (var stage in claim.Touched(graph).Where(stage => store.IsComplete(stage.Key)))
        {
            // Another run may have put it right before this one got its lease.
            if (options.Fresh || !store.Verify(stage.Key, stop).Ok)
            {
                store.SetAside(stage.Key, findings[stage.Key].Detail ?? "a run was asked to compute everything afresh");
            }
        }

        log.Begin(plan, needs.Where(need => need.Value == Need.Cached).Select(need => need.Key).ToHashSet());
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
    private void Introduce(StageRun run, Need need, Finding finding)
    {
        run.Cached = need is Need.Cached or Need.Past;
        run.Anew = options.Fresh || finding.Found == Found.Failed;
        switch (need)
        {
            case Need.Cached:
                JournalTail.PumpAll(store, log, run.Key);
                attempts.End(run, StageStatus.Completed, null);
                break;
            case Need.Diverged:
                JournalTail.PumpAll(store, log, run.Key);
                attempts.End(run, StageStatus.Diverged, finding.Detail);
                break;
            case Need.Past:
                run.Status = StageStatus.Completed;
                var gone = Reason(finding, "its files are gone");
                log.Status(run.Key, StageStatus.Completed, $"{gone}, and nothing that is to be computed needs them");
                break;
            case Need.Unneeded:
                attempts.End(run, StageStatus.Skipped, "only stages that are skipped need it");
                break;
            default:
                log.Status(run.Key, StageStatus.Queued, Reason(finding, null));
                break;
        }
    }

    private static string? Reason(Finding finding, string? otherwise) =>
        finding.Found == Found.Damaged ? $"its files did not verify and were set aside ({finding.Detail})" : otherwise;

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

            foreach (var run in ready.TakeWhile(_ => running < WorkerShare.Jobs(settings, cores)))
            {
                run.Place = FreePlace(runs);
                if (!attempts.TryStart(run, WorkerShare.Of(settings, cores, run.Place)))
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
        var taken = runs.Values.Where(run => run.Worker is not null).Select(run => run.Place).ToHashSet();
        return Enumerable.Range(0, taken.Count + 1).First(place => !taken.Contains(place));
    }

    private void Follow(RunGraph graph, Dictionary<string, StageRun> runs, StageRun run, bool stopping, StageLeases leases)
    {
        if (!run.Worker!.Exit.IsCompleted)
        {
            run.Tail!.Pump();
            return;
        }

        attempts.Settle(run, stopping);
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
                attempts.End(runs[user.Key], StageStatus.Skipped, $"it needs {culprit.Node.Label}, which {how}");
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
            attempts.End(run, run.Status == StageStatus.Queued ? StageStatus.Planned : StageStatus.Interrupted, reason);
        }
    }
}
