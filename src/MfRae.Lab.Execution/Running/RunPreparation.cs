using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>The action of a run for each stage, with the leases of the stages.</summary>
internal sealed record RunPreparation(
    IReadOnlyDictionary<string, StoredStage> StoredStages,
    IReadOnlyDictionary<string, StageAction> Actions,
    StageLeases Leases) : IDisposable
{
    // A look at a lease reads a file, which may be on a network file system.
    private static readonly TimeSpan LookCost = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Surveys the store and leases the stages to compute. If another process computes one of them, this waits for that process and surveys
    /// the store again.
    /// </summary>
    /// <exception cref="StoreLockedException">Another process computes a stage of the plan, and the options say not to wait.</exception>
    public static RunPreparation Take(
        ArtifactStore store,
        IRunLog log,
        RunGraph graph,
        string experiment,
        RunOptions options,
        TimeProvider time,
        CancellationToken stop)
    {
        var watch = new LeaseWatch(store, time);
        while (true)
        {
            var findings = StoreSurvey.Of(store, graph.Stages, options, stop);
            var needs = StageActions.Of(graph, findings, options.Keep);
            var touched = Touched(graph, findings, needs);
            if (StageLeases.TryAcquire(store, touched, time, experiment, watch) is { } leases)
            {
                return new(findings, needs, leases);
            }

            for (string? told = null; StageLeases.Holder(touched, watch) is { } holder; stop.WaitHandle.WaitOne(RunningWorkers.Poll + (touched.Count * LookCost)))
            {
                stop.ThrowIfCancellationRequested();
                if (!options.Wait)
                {
                    throw new StoreLockedException($"{holder}. Wait for that process or stop it.");
                }

                if (told is null)
                {
                    told = holder;
                    log.Notice($"{holder}; waiting for it to end");
                }
            }
        }
    }

    /// <summary>The stages whose folders the run may change.</summary>
    public List<StageNode> Touched(RunGraph graph) => Touched(graph, StoredStages, Actions);

    public void Dispose() => Leases.Dispose();

    private static List<StageNode> Touched(
        RunGraph graph, IReadOnlyDictionary<string, StoredStage> findings, IReadOnlyDictionary<string, StageAction> needs) =>
        [.. graph.Stages.Where(stage => needs[stage.Key] == StageAction.Run || findings[stage.Key].State == StoredStageState.Damaged)];
}

/// <summary>Determines the states of a plan's stages in the store and verifies the hashes of complete stages.</summary>
internal static class StoreSurvey
{
    public static Dictionary<string, StoredStage> Of(
        ArtifactStore store,
        IReadOnlyList<StageNode> stages,
        RunOptions options,
        CancellationToken stop) =>
        stages.ToDictionary(stage => stage.Key, stage => options.Fresh ? new(StoredStageState.Missing) : Find(store, stage.Key, options, stop));

    private static StoredStage Find(ArtifactStore store, string key, RunOptions options, CancellationToken stop)
    {
        if (store.IsComplete(key))
        {
            var check = store.Verify(key, stop);
            return check.Ok ? new(StoredStageState.Complete, Dropped: check.Dropped) : new(StoredStageState.Damaged, check.ToString());
        }

        return Look(store, key, options);
    }

    /// <summary>The state of a stage without verification of its files.</summary>
    public static StoredStage Look(ArtifactStore store, string key, RunOptions options)
    {
        if (store.IsComplete(key))
        {
            return new(StoredStageState.Complete, Dropped: store.Dropped(key));
        }

        // The last attempt decides: an earlier attempt may have diverged before the user asked for a retry.
        return JournalFile.In(store.PartialFolder(key)) is [.., var last]
            && JournalReader.Read(last.Path).Finished is { } finished
                ? finished.Status switch
                {
                    AttemptStatus.Diverged when !options.RetryFailed => new(StoredStageState.Diverged, finished.Error),
                    AttemptStatus.Stopped => new(StoredStageState.Diverged, finished.Error, End: StageStatus.Stopped),
                    AttemptStatus.Diverged or AttemptStatus.Failed when options.RetryFailed => new(StoredStageState.Failed, finished.Error),
                    _ => new(StoredStageState.Missing),
                }
                : new(StoredStageState.Missing);
    }
}

/// <summary>The state of a stage in the store.</summary>
/// <param name="State">The state.</param>
/// <param name="Detail">The damage, or the message of the divergence, or null.</param>
/// <param name="Dropped">The kinds of files that a complete stage has dropped.</param>
/// <param name="End">The status of a stage that ended without an output: diverged, or stopped by a declared rule.</param>
internal sealed record StoredStage(
    StoredStageState State, string? Detail = null, StoredFileKinds Dropped = StoredFileKinds.None, StageStatus End = StageStatus.Diverged);

/// <summary>The states of a stage in the store before a run.</summary>
internal enum StoredStageState
{
    Missing,
    Complete,
    Damaged,

    /// <summary>Ended without an output, by a divergence or by a declared rule, and would end so again.</summary>
    Diverged,

    /// <summary>The last attempt failed or diverged, and the user asked to recompute the stage.</summary>
    Failed,
}

/// <summary>
/// Decides which stages a run computes: an incomplete stage runs if it is an end of the plan or an input of a stage that runs. A complete
/// stage that has dropped files runs again if a stage that runs reads such a file, or if the user asked for it.
/// </summary>
internal static class StageActions
{
    /// <param name="keep">The kinds of files that every stage has after the run.</param>
    public static Dictionary<string, StageAction> Of(
        RunGraph graph, IReadOnlyDictionary<string, StoredStage> findings, StoredFileKinds keep = StoredFileKinds.None)
    {
        var needs = new Dictionary<string, StageAction>();
        foreach (var stage in graph.Stages)
        {
            needs[stage.Key] = findings[stage.Key].State switch
            {
                StoredStageState.Complete => StageAction.Cached,
                StoredStageState.Diverged => StageAction.Diverged,
                _ when stage.Inputs.Values.Any(input => needs.TryGetValue(input, out var need) && need is StageAction.Diverged or StageAction.Blocked)
                    => StageAction.Blocked,
                _ => StageAction.Run,
            };
        }

        foreach (var stage in graph.Stages.Reverse())
        {
            if (needs[stage.Key] != StageAction.Run)
            {
                if (needs[stage.Key] == StageAction.Cached && (findings[stage.Key].Dropped & (keep | Read(stage.Key))) != StoredFileKinds.None)
                {
                    needs[stage.Key] = StageAction.Run;
                }

                continue;
            }

            var users = graph.Users(stage.Key).Select(user => needs[user.Key]).ToList();
            if (users.Count > 0 && !users.Contains(StageAction.Run))
            {
                needs[stage.Key] = users.Any(user => user is StageAction.Cached or StageAction.AlreadyUsed or StageAction.Diverged) ? StageAction.AlreadyUsed : StageAction.NotNeeded;
            }
        }

        return needs;

        // The kinds of files that the running users of a stage read.
        StoredFileKinds Read(string key) => graph.Users(key).Where(user => needs[user.Key] == StageAction.Run)
            .SelectMany(user => user.Inputs.Where(input => input.Value == key).Select(input => user.Definition.Reads(input.Key)))
            .Aggregate(StoredFileKinds.None, (all, kinds) => all | kinds);
    }
}

/// <summary>The action of a run for a stage.</summary>
internal enum StageAction
{
    /// <summary>The stage is computed.</summary>
    Run,

    /// <summary>The stage is complete and verified.</summary>
    Cached,

    /// <summary>The stage diverged in an earlier run and would diverge again.</summary>
    Diverged,

    /// <summary>The stage needs a diverged stage.</summary>
    Blocked,

    /// <summary>The stage was complete, since a stage that uses it is complete; its files are gone, and no stage to compute needs them.</summary>
    AlreadyUsed,

    /// <summary>Only blocked stages need the stage.</summary>
    NotNeeded,
}
