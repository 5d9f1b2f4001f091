using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>What a run is judged by.</summary>
public static class RunMeasurements
{
    /// <summary>
    /// The roles whose measurements belong to a run, the first that has a key wins. The teacher's own evaluation is not
    /// among them: it stands beside the arms.
    /// </summary>
    public static IReadOnlyList<string> Roles { get; } = ["evaluation", "reconstruction", "probe", "features"];

    /// <summary>Measurements by <see cref="Measurement.Key"/>, in the order they were measured.</summary>
    public static IReadOnlyDictionary<string, Measurement> Of(RunRecord run, IReadOnlyDictionary<string, StageRecord> stages)
    {
        var found = new OrderedDictionary<string, Measurement>();
        foreach (var role in Roles)
        {
            if (!run.Stages.TryGetValue(role, out var key) || !stages.TryGetValue(key, out var stage))
            {
                continue;
            }

            var measured = new OrderedDictionary<string, Measurement>();
            foreach (var measurement in stage.Measurements)
            {
                measured[measurement.Key] = measurement;
            }

            foreach (var (name, measurement) in measured)
            {
                found.TryAdd(name, measurement);
            }
        }

        return found;
    }
}
