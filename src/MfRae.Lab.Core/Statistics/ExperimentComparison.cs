using MfRae.Lab.Core.Tracking;

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
