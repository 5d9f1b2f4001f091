using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>What a run has to do about each stage, and its right to do it.</summary>
internal sealed record StageClaim(
    IReadOnlyDictionary<string, Finding> Findings,
    IReadOnlyDictionary<string, Need> Needs,
    StageLeases Leases) : IDisposable
{
    /// <summary>
    /// Looks at the store and leases what is to be computed. What another process computes meanwhile is waited for, and then the store
    /// is looked at again: most of it is there by then.
    /// </summary>
    /// <exception cref="StoreLockedException">Another process computes a stage that is needed, and the run does not want to wait.</exception>
    public static StageClaim Take(
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
            var needs = NeedAnalysis.Of(graph, findings);
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
    public List<StageNode> Touched(RunGraph graph) => Touched(graph, Findings, Needs);

    public void Dispose() => Leases.Dispose();

    private static List<StageNode> Touched(
        RunGraph graph, IReadOnlyDictionary<string, Finding> findings, IReadOnlyDictionary<string, Need> needs) =>
        [.. graph.Stages.Where(stage => needs[stage.Key] == Need.Run || findings[stage.Key].Found == Found.Damaged)];
}
