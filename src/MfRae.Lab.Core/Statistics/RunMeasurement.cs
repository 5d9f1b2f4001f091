using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>A measurement that a run is judged by, and the key of the stage that made it.</summary>
public sealed record RunMeasurement(string Stage, Measurement Measurement)
{
    /// <summary>
    /// The roles whose measurements belong to a run; the first that has a key wins. The teacher's own evaluation is not
    /// among them: it stands beside the arms.
    /// </summary>
    private static readonly string[] Roles = ["evaluation", DerivativeErrorNames.Error, "reconstruction", "probe", "features"];

    /// <summary>Keys of all that runs of an experiment are judged by, in the order in which they were measured.</summary>
    public static IReadOnlyList<string> Keys(ExperimentRecord record)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        return [.. record.Runs.SelectMany(run => Of(run, stages).Keys).Distinct()];
    }

    /// <summary>Everything a run is judged by, by <see cref="Measurement.Key"/>, in the order it was measured.</summary>
    public static IReadOnlyDictionary<string, RunMeasurement> Of(RunRecord run, IReadOnlyDictionary<string, StageRecord> stages)
    {
        var found = new OrderedDictionary<string, RunMeasurement>();
        foreach (var role in Roles)
        {
            if (!run.Stages.TryGetValue(role, out var key) || !stages.TryGetValue(key, out var stage))
            {
                continue;
            }

            foreach (var same in stage.Measurements.GroupBy(measurement => measurement.Key))
            {
                found.TryAdd(same.Key, new(key, same.Last()));
            }
        }

        return found;
    }
}
