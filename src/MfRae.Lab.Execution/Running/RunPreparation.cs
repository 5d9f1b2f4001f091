using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>What a run has to do about each stage, and its right to do it.</summary>
internal sealed record RunPreparation(
    IReadOnlyDictionary<string, StoredStage> StoredStages,
    IReadOnlyDictionary<string, StageAction> Actions,
    StageLeases Leases) : IDisposable
{
    /// <summary>
    /// Looks at the store and leases what is to be computed. What another process computes meanwhile is waited for, and then the store
    /// is looked at again: most of it is there by then.
    /// </summary>
    /// <exception cref="StoreLockedException">Another process computes a stage that is needed, and the run does not want to wait.</exception>
    public static RunPreparation Take(
        ArtifactStore store,
        IRunLog log,
        RunGraph graph,
        string experiment,
        RunOptions options,
        TimeProvider time,
        CancellationToken stop)
    {
        while (true)
        {
            var findings = StoreSurvey.Of(store, graph.Stages, options, stop);
            var needs = StageActions.Of(graph, findings);
            var touched = Touched(graph, findings, needs);
            if (StageLeases.TryAcquire(store, touched, time, experiment) is { } leases)
            {
                return new(findings, needs, leases);
            }

            for (string? told = null; StageLeases.Holder(store, touched, time) is { } holder; stop.WaitHandle.WaitOne(RunningWorkers.Poll))
            {
                stop.ThrowIfCancellationRequested();
                if (!options.Wait)
                {
                    throw new StoreLockedException($"{holder}; wait for it, or stop that process");
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

/// <summary>Looks at what the store holds of a plan, and re-hashes all that claims to be complete.</summary>
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
            return check.Ok ? new(StoredStageState.Complete) : new(StoredStageState.Damaged, check.ToString());
        }

        // The last attempt decides: an earlier one may have diverged before somebody asked for another try.
        return JournalFile.In(store.PartialFolder(key)) is [.., var last]
            && JournalReader.Read(last.Path).Finished is { } finished
                ? finished.Status switch
                {
                    AttemptStatus.Diverged when !options.RetryFailed => new(StoredStageState.Diverged, finished.Error),
                    AttemptStatus.Diverged or AttemptStatus.Failed when options.RetryFailed => new(StoredStageState.Failed, finished.Error),
                    _ => new(StoredStageState.Missing),
                }
                : new(StoredStageState.Missing);
    }
}

/// <summary>What was found of a stage, and what is to be said about it.</summary>
/// <param name="Detail">What is damaged, or the message of the divergence.</param>
internal sealed record StoredStage(StoredStageState State, string? Detail = null);

/// <summary>What the store holds of a stage before a run.</summary>
internal enum StoredStageState
{
    Missing,
    Complete,
    Damaged,
    Diverged,

    /// <summary>Its last attempt failed or diverged, and it is to be computed from its beginning.</summary>
    Failed,
}

/// <summary>Decides what a run computes: an incomplete stage runs if it is an end of the plan or something that runs uses it.</summary>
internal static class StageActions
{
    public static Dictionary<string, StageAction> Of(RunGraph graph, IReadOnlyDictionary<string, StoredStage> findings)
    {
        var needs = new Dictionary<string, StageAction>();
        foreach (var stage in graph.Stages)
        {
            needs[stage.Key] = findings[stage.Key].State switch
            {
                StoredStageState.Complete => StageAction.Cached,
                StoredStageState.Diverged => StageAction.Diverged,
                _ when stage.Inputs.Values.Any(input => needs[input] is StageAction.Diverged or StageAction.Blocked) => StageAction.Blocked,
                _ => StageAction.Run,
            };
        }

        foreach (var stage in graph.Stages.Reverse().Where(stage => needs[stage.Key] == StageAction.Run))
        {
            var users = graph.Users(stage.Key).Select(user => needs[user.Key]).ToList();
            if (users.Count > 0 && !users.Contains(StageAction.Run))
            {
                needs[stage.Key] = users.Any(user => user is StageAction.Cached or StageAction.AlreadyUsed or StageAction.Diverged) ? StageAction.AlreadyUsed : StageAction.NotNeeded;
            }
        }

        return needs;
    }
}

/// <summary>What a run has to do about a stage.</summary>
internal enum StageAction
{
    /// <summary>Compute it.</summary>
    Run,

    /// <summary>It is complete and verified.</summary>
    Cached,

    /// <summary>It diverged in an earlier run, and would again.</summary>
    Diverged,

    /// <summary>It needs a stage that diverged.</summary>
    Blocked,

    /// <summary>It was complete once, for a stage that uses it is; its files are gone, and nothing to be computed needs them.</summary>
    AlreadyUsed,

    /// <summary>Only blocked stages need it.</summary>
    NotNeeded,
}
