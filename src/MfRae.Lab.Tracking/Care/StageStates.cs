using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Care;

/// <summary>Where stages stand, told from what the store holds of them.</summary>
internal static class StageStates
{
    /// <param name="old">What the old database said; it knows why a stage was not computed, which the store does not.</param>
    public static IReadOnlyDictionary<string, (string Status, string? Reason)> Of(
        ArtifactStore store,
        IReadOnlyList<PlanRecord> plans,
        IReadOnlySet<string> complete,
        IReadOnlyDictionary<string, (string Status, string? Reason)> old)
    {
        var states = new Dictionary<string, (string Status, string? Reason)>();
        foreach (var plan in plans)
        {
            var labels = plan.Stages.ToDictionary(stage => stage.Key, stage => stage.Label);
            // Inputs come first, so a stage finds the states of all it needs.
            var culprits = new Dictionary<string, string>();
            foreach (var stage in plan.Stages)
            {
                var state = complete.Contains(stage.Key) ? Completed(stage.Key, old)
                    : old.TryGetValue(stage.Key, out var known) ? known
                    : Told(store, stage.Key) ?? Skipped(stage, culprits, labels, states);
                states[stage.Key] = state;
                if (AttemptStatus.IsFailure(state.Status))
                {
                    culprits[stage.Key] = stage.Key;
                }
                else if (stage.Inputs.Values.FirstOrDefault(culprits.ContainsKey) is { } input)
                {
                    culprits[stage.Key] = culprits[input];
                }
            }
        }

        return states;
    }

    private static (string Status, string? Reason) Completed(
        string key, IReadOnlyDictionary<string, (string Status, string? Reason)> old) =>
        old.TryGetValue(key, out var known) && known.Status == "completed" ? known : ("completed", null);

    private static (string Status, string? Reason)? Told(ArtifactStore store, string key) =>
        JournalFile.In(store.PartialFolder(key)) is not [.., var last] ? null
        : JournalReader.ReadUpToProblem(last.Path, out _).Finished is { } finished
            ? (finished.Status, finished.Error?.Split('\n')[0].TrimEnd())
            : ("interrupted", Writing.PlanWriter.Deserted);

    private static (string Status, string? Reason) Skipped(
        PlannedStage stage,
        Dictionary<string, string> culprits,
        Dictionary<string, string> labels,
        Dictionary<string, (string Status, string? Reason)> states) =>
        stage.Inputs.Values.FirstOrDefault(culprits.ContainsKey) is { } input
            ? ("skipped", $"it needs {labels[culprits[input]]}, which {states[culprits[input]].Status}")
            : ("planned", null);
}
