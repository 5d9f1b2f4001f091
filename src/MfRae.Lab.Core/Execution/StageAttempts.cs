using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Starts the worker of a stage, after tidying up behind earlier ones, and makes sense of its end.</summary>
internal sealed class StageAttempts(
    ArtifactStore store,
    IRunLog log,
    IWorkerLauncher launcher,
    RunOptions options,
    string workingDirectory,
    TimeProvider time)
{
    private static readonly TimeSpan OrphanPatience = Lifeline.Grace + Lifeline.Grace;

    /// <summary>
    /// Starts a worker, or finds that the stage has been completed meanwhile. False while a worker of an earlier
    /// coordinator still lives.
    /// </summary>
    /// <exception cref="StoreLockedException">That worker lives on and on.</exception>
    /// <exception cref="LabException">No worker can be started here.</exception>
    public bool TryStart(StageRun run, RunSettings settings)
    {
        if (!IsFree(run))
        {
            return false;
        }

        if (run.Anew && run.Attempt == 0 && Directory.Exists(store.PartialFolder(run.Key)))
        {
            store.SetAsidePartial(run.Key, "a run was asked to compute the stage afresh");
        }

        if (IsCompleteByNow(run.Key))
        {
            JournalTail.PumpAll(store, log, run.Key);
            run.Cached = true;
            End(run, StageStatus.Completed, null);
            return true;
        }

        var folder = store.CreatePartial(run.Key);
        foreach (var journal in JournalFile.In(folder))
        {
            Journal.Close(journal.Path, AttemptStatus.Interrupted, "the worker and its coordinator ended without a word", time);
        }

        JournalTail.PumpAll(store, log, run.Key);
        run.Attempt = store.NextAttempt(run.Key);
        var inputs = run.Node.Inputs.ToDictionary(input => input.Key, input => store.CompleteFolder(input.Value));
        double? flops = options.Flops?.Value is { } estimates && estimates.TryGetValue(run.Key, out var estimate) ? estimate : null;
        var spec = new StageSpec(run.Node, inputs, workingDirectory, run.Attempt, settings, options.Origin, flops);
        StageSpecFile.Write(folder, spec);
        run.Tail = new(store, log, run.Key, run.Attempt);
        run.StarvedBefore = MemoryShortage.Kills();
        run.Worker = launcher.Start(store, spec, folder);
        run.Status = StageStatus.Running;
        log.Status(run.Key, StageStatus.Running);
        return true;
    }

    /// <summary>Settles a stage whose worker has ended; one that was ended from outside is queued once more.</summary>
    /// <param name="stopping">Whether its end was asked for.</param>
    /// <exception cref="LabException">No stage can be computed here.</exception>
    public void Settle(StageRun run, bool stopping)
    {
        var code = run.Worker!.Exit.GetAwaiter().GetResult();
        var printed = run.Worker.Tail;
        run.Worker.Dispose();
        run.Worker = null;
        run.Tail!.Pump();
        if (store.IsComplete(run.Key))
        {
            End(run, StageStatus.Completed, null);
            return;
        }

        run.Tail.TellEnd();
        if (code == WorkerExit.Environment && run.Tail.Finished is not { Status: AttemptStatus.Failed })
        {
            var fault = printed.Length > 0 ? printed : $"the worker of the stage {run.Node.Label} finds the machine not as needed";
            End(run, StageStatus.Interrupted, fault);
            throw new LabException(fault);
        }

        switch (run.Tail.Finished)
        {
            case null:
                SettleDeath(run, code, stopping, printed);
                break;
            case { } finished when AttemptStatus.Leaves(finished.Status) is { } status:
                End(run, status, finished.Error);
                break;
            default:
                End(run, StageStatus.Failed, With(printed, "the stage was computed, but its folder could not be completed"));
                break;
        }
    }

    public void End(StageRun run, StageStatus status, string? error)
    {
        run.Status = status;
        run.Error = error;
        log.Status(run.Key, status, error?.Split('\n')[0].TrimEnd());
    }

    private void SettleDeath(StageRun run, int code, bool stopping, string printed)
    {
        var starved = MemoryShortage.Kills() > run.StarvedBefore;
        var what = WorkerExit.Describe(code, starved);
        var error = With(printed, what);
        var status = WorkerExit.Status(code, starved);
        var journal = Path.Combine(store.PartialFolder(run.Key), JournalFile.NameOf(run.Attempt));
        if (File.Exists(journal))
        {
            Journal.Close(journal, stopping ? AttemptStatus.Interrupted : status, error, time);
            run.Tail!.Pump();
        }

        if (stopping)
        {
            End(run, StageStatus.Interrupted, "its worker was ended before it could write a checkpoint");
        }
        else if (WorkerExit.IsSignal(code) && run.Deaths++ == 0)
        {
            run.Status = StageStatus.Queued;
            log.Status(run.Key, StageStatus.Queued, what + "; trying once more from its last checkpoint");
        }
        else
        {
            End(run, AttemptStatus.Leaves(status) ?? StageStatus.Failed, error);
        }
    }

    private bool IsFree(StageRun run)
    {
        using var free = FileLock.Try(FileLock.OfWorker(store, run.Key));
        if (free is not null)
        {
            run.BlockedSince = null;
            return true;
        }

        if (run.BlockedSince is not { } since)
        {
            run.BlockedSince = time.GetTimestamp();
            log.Status(run.Key, StageStatus.Queued, "waiting for the worker of an earlier run to end");
        }
        else if (time.GetElapsedTime(since) > OrphanPatience)
        {
            throw new StoreLockedException(
                $"a worker without a coordinator still computes the stage {run.Node.Label}; stop it and try again");
        }

        return false;
    }

    /// <summary>Somebody else, or a worker that outlived its coordinator, may have completed it after this run looked.</summary>
    private bool IsCompleteByNow(string key)
    {
        store.TryPublish(key);
        if (!store.IsComplete(key))
        {
            return false;
        }

        var check = store.Verify(key);
        if (!check.Ok)
        {
            store.SetAside(key, check.ToString());
        }

        return check.Ok;
    }

    private static string With(string printed, string message) => printed.Length > 0 ? $"{message}\n{printed}" : message;
}
