using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Starts the worker of a stage after closing earlier attempts, and interprets its exit.</summary>
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
    /// Starts a worker, or ends the stage if it has been completed meanwhile. Returns false while the worker of an earlier coordinator is
    /// still running.
    /// </summary>
    /// <exception cref="StoreLockedException">That worker does not exit.</exception>
    /// <exception cref="LabException">Workers cannot be started.</exception>
    public bool TryStart(StageRun run, RunSettings settings, string lease)
    {
        if (!IsFree(run))
        {
            return false;
        }

        if (run.StartOver && run.Attempt == 0 && Directory.Exists(store.PartialFolder(run.Key)))
        {
            store.SetAsidePartial(run.Key, "a run was asked to compute the stage afresh");
        }

        if (IsCompleteByNow(run.Key) && !(run.Restores && store.Dropped(run.Key) != StoredFileKinds.None))
        {
            JournalTail.PumpAll(store, log, run.Key);
            run.Cached = true;
            End(run, StageStatus.Completed, null);
            return true;
        }

        var folder = store.CreatePartial(run.Key);
        foreach (var journal in JournalFile.In(folder))
        {
            StageJournal.DetachOtherHost(journal.Path);
            StageJournal.Close(journal.Path, AttemptStatus.Interrupted, "the worker and its coordinator exited unexpectedly", time);
        }

        JournalTail.PumpAll(store, log, run.Key);
        run.Attempt = store.NextAttempt(run.Key);
        var inputs = run.Node.Inputs.ToDictionary(input => input.Key, input => store.CompleteFolder(input.Value));
        double? flops = options.Flops?.Value is { } estimates && estimates.TryGetValue(run.Key, out var estimate) ? estimate : null;
        var memory = settings.MicroBatch == RunSettings.AutoMicroBatch ? options.Memory?.Value.GetValueOrDefault(run.Key) : null;
        settings = settings with { Ranks = run.Node.Definition.TakesRanks() ? settings.Ranks : 1 };
        run.Ranks = settings.Ranks;
        var spec = new StageSpec(run.Node, inputs, workingDirectory, run.Attempt, settings, options.Origin, flops, memory, lease);
        StageSpecFile.Write(folder, spec);
        run.Tail = new(store, log, run.Key, run.Attempt, run.Restores);
        run.StarvedBefore = MemoryShortage.Kills();
        run.Worker = launcher.Start(store, spec, folder);
        run.Status = StageStatus.Running;
        log.Status(run.Key, StageStatus.Running);
        return true;
    }

    /// <summary>Determines the state of a stage whose worker has exited. A stage whose worker was killed is queued once more.</summary>
    /// <param name="run">The stage.</param>
    /// <param name="stopping">Whether the coordinator asked the worker to stop.</param>
    /// <exception cref="LabException">This machine cannot compute stages.</exception>
    public void Settle(StageRun run, bool stopping)
    {
        var code = run.Worker!.Exit.GetAwaiter().GetResult();
        var printed = run.Worker.Tail;
        run.Worker.Dispose();
        run.Worker = null;
        run.Tail!.Pump();
        if (store.IsComplete(run.Key) && (!run.Restores || store.Dropped(run.Key) == StoredFileKinds.None))
        {
            if (run.Restores)
            {
                // Files that differ from the earlier ones are another attempt.
                JournalTail.PumpAll(store, log, run.Key);
            }

            End(run, StageStatus.Completed, null);
            return;
        }

        run.Tail.TellEnd();
        if (code == WorkerExit.Environment && run.Tail.Finished is not { Status: AttemptStatus.Failed })
        {
            var fault = printed.Length > 0 ? printed : $"the worker of the stage {run.Node.Label} cannot compute on this machine";
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
        var what = WorkerExit.Describe(code, starved, run.Ranks);
        var error = With(printed, what);
        var status = WorkerExit.Status(code, starved);
        var journal = Path.Combine(store.PartialFolder(run.Key), JournalFile.NameOf(run.Attempt));
        if (File.Exists(journal))
        {
            StageJournal.Close(journal, stopping ? AttemptStatus.Interrupted : status, error, time);
            run.Tail!.Pump();
        }

        if (stopping)
        {
            End(run, StageStatus.Interrupted, "its worker was stopped before it could write a checkpoint");
        }
        else if (WorkerExit.IsSignal(code) && run.Deaths++ == 0)
        {
            run.Status = StageStatus.Queued;
            log.Status(run.Key, StageStatus.Queued, what + "; retrying once from its last checkpoint");
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
                $"a worker of an earlier run still computes the stage {run.Node.Label}. Stop that process and run the same command again.");
        }

        return false;
    }

    /// <summary>Whether another process, or a worker that outlived its coordinator, has completed the stage since the survey.</summary>
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

/// <summary>The state of a stage in one run.</summary>
internal sealed class StageRun(StageNode node)
{
    public StageNode Node { get; } = node;

    public string Key => Node.Key;

    public StageStatus Status { get; set; } = StageStatus.Queued;

    public bool Cached { get; set; }

    public string? Error { get; set; }

    /// <summary>Whether existing files of the stage must not be used.</summary>
    public bool StartOver { get; set; }

    /// <summary>Whether the stage is complete and is computed again for files that it has dropped.</summary>
    public bool Restores { get; set; }

    /// <summary>The index of the stage among the running jobs, from 0.</summary>
    public int Slot { get; set; }

    /// <summary>The number of the attempt of this run, or 0 before the first attempt.</summary>
    public int Attempt { get; set; }

    /// <summary>The number of processes that the system had killed because of memory shortage when the worker was started.</summary>
    public long StarvedBefore { get; set; }

    /// <summary>The number of processes of the last attempt.</summary>
    public int Ranks { get; set; } = 1;

    /// <summary>The number of workers of this run that were killed by a signal.</summary>
    public int Deaths { get; set; }

    /// <summary>When the stage began to wait for the worker of an earlier coordinator, or null.</summary>
    public long? BlockedSince { get; set; }

    public IRunningWorker? Worker { get; set; }

    public JournalTail? Tail { get; set; }
}

/// <summary>Operations on all workers of a run.</summary>
internal static class RunningWorkers
{
    public static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    public static void Each(IEnumerable<StageRun> runs, Action<IRunningWorker> act)
    {
        foreach (var worker in runs.Select(run => run.Worker).OfType<IRunningWorker>())
        {
            act(worker);
        }
    }

    /// <summary>Waits until a worker has exited, at most for the poll interval.</summary>
    public static void WaitForAny(List<StageRun> running)
    {
        if (running.Count == 0)
        {
            Thread.Sleep(Poll);
        }
        else
        {
            Task.WaitAny([.. running.Select(run => run.Worker!.Exit)], Poll);
        }
    }

    /// <summary>Waits until all workers have written their checkpoints and exited, at most for the grace time.</summary>
    public static void WaitForAll(IEnumerable<StageRun> runs, TimeProvider time)
    {
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < Lifeline.Grace
            && runs.Where(run => run.Worker is { Exit.IsCompleted: false }).ToList() is { Count: > 0 } running)
        {
            WaitForAny(running);
        }
    }

    public static void KillAll(IEnumerable<StageRun> runs)
    {
        foreach (var run in runs.Where(run => run.Worker is not null))
        {
            run.Worker!.Kill();
            run.Worker.Exit.Wait(KillPatience);
            run.Worker.Dispose();
            run.Worker = null;
        }
    }
}
