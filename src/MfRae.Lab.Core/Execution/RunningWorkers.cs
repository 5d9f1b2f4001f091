namespace MfRae.Lab.Core.Execution;

/// <summary>What is done to all workers of a run at once.</summary>
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

    /// <summary>Until one of them has ended, or for a moment.</summary>
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

    /// <summary>Until all have ended that were asked to: they write checkpoints first.</summary>
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
