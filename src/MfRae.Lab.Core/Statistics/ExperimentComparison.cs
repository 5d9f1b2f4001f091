using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Every arm of an experiment in one metric, and each against the baseline.</summary>
/// <param name="Arms">In the order of the experiment, the baseline among them.</param>
/// <param name="Comparisons">One for each arm but the baseline, in the same order.</param>
/// <param name="Best">The arm with the best mean, or null where nothing was measured, the metric has no direction or the
/// arms are not comparable.</param>
public sealed record ExperimentComparison(
    string Metric,
    string Baseline,
    IReadOnlyList<ArmSample> Arms,
    IReadOnlyList<ArmComparison> Comparisons,
    string? Best)
{
    /// <summary>Why arms are not compared, the first reason; null where all may be.</summary>
    public IdentityConflict? Conflict { get; } = MeasurementIdentity.Difference(
        Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement));

    /// <summary>Compares in the primary metric, or in another by its key.</summary>
    public static ExperimentComparison Of(ExperimentRecord record, string? metric = null)
    {
        metric ??= record.PrimaryMetric;
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var arms = record.Arms.Select(arm => Sample(record, arm.Name, metric, stages)).ToArray();
        var name = (record.Arms.FirstOrDefault(arm => arm.Baseline) ?? record.Arms[0]).Name;
        var baseline = arms.First(arm => arm.Arm == name);
        return new(metric, name, arms, Comparison.Against(baseline, [.. arms.Where(arm => arm.Arm != name)], metric), BestOf(arms));
    }

    private static ArmSample Sample(ExperimentRecord record, string arm, string metric, Dictionary<string, StageRecord> stages)
    {
        var runs = record.Runs.Where(run => run.Arm == arm).ToArray();
        SeedMeasurement[] measured =
        [
            .. from run in runs
               orderby run.Seed
               let found = RunMeasurement.Of(run, stages).GetValueOrDefault(metric)
               where found is not null
               select new SeedMeasurement(run.Seed, found.Stage, found.Measurement),
        ];
        // A run that diverged may have a value of what it shares with others, such as the reconstruction.
        var valued = measured.Where(seed => seed.Finite).Select(seed => seed.Seed).ToHashSet();
        return new(
            arm, measured, runs.Length, runs.Count(run => run.Status == AttemptStatus.Diverged && !valued.Contains(run.Seed)));
    }

    private static string? BestOf(IReadOnlyList<ArmSample> arms)
    {
        var measured = arms.Where(arm => arm.Finite.Count > 0).ToArray();
        var identity = measured.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).ToArray();
        if (measured.Length == 0 || identity[0].HigherIsBetter is not { } higher || MeasurementIdentity.Difference(identity) is not null)
        {
            return null;
        }

        return measured.OrderBy(arm => higher ? -arm.Summary.Mean : arm.Summary.Mean).First().Arm;
    }
}

/// <summary>One metric over the seeds of an arm.</summary>
/// <param name="Measured">By seed, ascending.</param>
/// <param name="Planned">Seeds the experiment asked for. Those without a finite value stay in this count.</param>
/// <param name="Diverged">Seeds without a value whose run diverged; they are among the planned ones.</param>
public sealed record ArmSample(string Arm, IReadOnlyList<SeedMeasurement> Measured, int Planned, int Diverged = 0)
{
    /// <summary>The seeds with a finite value.</summary>
    public IReadOnlyList<SeedMeasurement> Finite { get; } = [.. Measured.Where(seed => seed.Finite)];

    /// <summary>The finite values, one per stage that measured.</summary>
    public IReadOnlyList<double> Values => [.. Finite.DistinctBy(seed => seed.Stage).Select(seed => seed.Measurement.Value!.Value)];

    /// <summary>Seeds that were planned and gave no finite value.</summary>
    public int Lost => Planned - Finite.Count;

    public Summary Summary => Summary.Of(Values);

    /// <summary>Why the seeds of this arm cannot even be averaged, or null.</summary>
    public IdentityConflict? Conflict => MeasurementIdentity.Difference(Measured.Select(seed => seed.Measurement));
}

/// <summary>What one run of an arm measured.</summary>
/// <param name="Stage">Key of the stage that measured it. Seeds that share the stage have measured once, and count once.</param>
public sealed record SeedMeasurement(long Seed, string Stage, Measurement Measurement)
{
    public bool Finite => Measurement.Value is { } value && double.IsFinite(value);
}

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
