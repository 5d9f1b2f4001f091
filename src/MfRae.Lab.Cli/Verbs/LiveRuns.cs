using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Corrects the states of runs whose coordinator was killed before it could write them to the database.</summary>
internal sealed class LiveRuns(ArtifactStore store, TimeProvider time)
{
    /// <summary>The run; as interrupted where the database says that it runs and no live process has a lease on one of its stages.</summary>
    public RunListing Of(RunListing run) => IsWorking(run.Status)
        && (run.Working ?? []).All(key => !ArtifactName.IsKey(key) || StageLeases.LiveOwner(store, key, time) is null)
            ? run with { Status = AttemptStatus.Interrupted }
            : run;

    /// <param name="runs">The runs of the version.</param>
    public PlanVersion Of(PlanVersion version, Func<IReadOnlyList<RunListing>> runs)
    {
        if (!version.Runs.Keys.Any(IsWorking))
        {
            return version;
        }

        var real = runs().Select(run => Of(run)).ToList();
        return version with
        {
            Runs = Count(real),
            Arms = [.. version.Arms.Select(arm => arm with { Runs = Count(real.Where(run => run.Arm == arm.Arm)) })],
        };
    }

    private static bool IsWorking(string status) => status is "running" or "queued";

    private static Dictionary<string, int> Count(IEnumerable<RunListing> runs) =>
        runs.GroupBy(run => run.Status).ToDictionary(group => group.Key, group => group.Count());
}
