using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>All arms of an experiment in one metric, and their comparisons with the baseline.</summary>
/// <param name="Arms">All arms including the baseline, in the order of the experiment.</param>
/// <param name="Comparisons">One comparison for each arm except the baseline, in the same order.</param>
/// <param name="Best">The arm with the best mean; null without values, without a direction, or if the arms are not comparable.</param>
public sealed record ExperimentComparison(
    string Metric,
    string Baseline,
    IReadOnlyList<ArmSample> Arms,
    IReadOnlyList<ArmComparison> Comparisons,
    string? Best)
{
    /// <summary>The first reason why arms are not compared, or null.</summary>
    public IdentityConflict? Conflict { get; } = MeasurementIdentity.Difference(
        Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement));

    /// <summary>Compares arms in the primary metric, or in another metric by its key.</summary>
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
        // A diverged run may have values of stages that it shares with other runs, such as the reconstruction.
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
/// <param name="Measured">Measurements by ascending seed.</param>
/// <param name="Planned">Number of seeds of the experiment, including those without a finite value.</param>
/// <param name="Diverged">Number of planned seeds without a value whose run diverged.</param>
public sealed record ArmSample(string Arm, IReadOnlyList<SeedMeasurement> Measured, int Planned, int Diverged = 0)
{
    /// <summary>The seeds with a finite value.</summary>
    public IReadOnlyList<SeedMeasurement> Finite { get; } = [.. Measured.Where(seed => seed.Finite)];

    /// <summary>The finite values, one for each stage that measured.</summary>
    public IReadOnlyList<double> Values => [.. Finite.DistinctBy(seed => seed.Stage).Select(seed => seed.Measurement.Value!.Value)];

    /// <summary>Number of planned seeds without a finite value.</summary>
    public int Lost => Planned - Finite.Count;

    /// <summary>Number, mean and deviation of the finite values.</summary>
    public Summary Summary => Summary.Of(Values);

    /// <summary>The reason why the seeds of this arm cannot be averaged, or null.</summary>
    public IdentityConflict? Conflict => MeasurementIdentity.Difference(Measured.Select(seed => seed.Measurement));
}

/// <summary>The measurement of one run of an arm.</summary>
/// <param name="Stage">Key of the stage that measured it. Seeds that share the stage share the measurement and count once.</param>
public sealed record SeedMeasurement(long Seed, string Stage, Measurement Measurement)
{
    /// <summary>Whether the value is finite.</summary>
    public bool Finite => Measurement.Value is { } value && double.IsFinite(value);
}

/// <summary>A measurement of a run, and the key of the stage that made it.</summary>
/// <param name="Stage">With several sets of samples, the stage of the first set.</param>
/// <param name="Measurement">With several sets of samples, the mean over the sets, without an interval.</param>
public sealed record RunMeasurement(string Stage, Measurement Measurement)
{
    private const string Evaluation = "evaluation";

    /// <summary>
    /// The roles whose measurements belong to a run; the first role with a key takes precedence. The evaluation of the teacher is separate from
    /// the arms.
    /// </summary>
    private static readonly string[] Roles = [Evaluation, DerivativeErrorNames.Error, "reconstruction", "probe", "features"];

    /// <summary>The measurement of each set of samples (<see cref="NoiseSets"/>); of other values, the measurement.</summary>
    public IReadOnlyList<Measurement> Sets { get; private init; } = [Measurement];

    /// <summary>The keys of all measurements of runs, in the order in which they were measured.</summary>
    public static IReadOnlyList<string> Keys(ExperimentRecord record)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        return [.. record.Runs.SelectMany(run => Of(run, stages).Keys).Distinct()];
    }

    /// <summary>
    /// All measurements of a run by <see cref="Measurement.Key"/>, in the order in which they were measured. A run with several sets of
    /// samples has a value once all sets are measured.
    /// </summary>
    public static IReadOnlyDictionary<string, RunMeasurement> Of(RunRecord run, IReadOnlyDictionary<string, StageRecord> stages)
    {
        var found = new OrderedDictionary<string, RunMeasurement>();
        foreach (var role in Roles)
        {
            if (!run.Stages.TryGetValue(role, out var key) || !stages.TryGetValue(key, out var stage))
            {
                continue;
            }

            string[] sets = role == Evaluation ? [.. NoiseSets.Roles(run.Stages, role)] : [role];
            foreach (var same in stage.Measurements.GroupBy(measurement => measurement.Key))
            {
                Measurement?[] values =
                [
                    same.Last(),
                    .. from set in sets.Skip(1)
                       let other = stages.GetValueOrDefault(run.Stages[set])
                       select other?.Measurements.LastOrDefault(measurement => measurement.Key == same.Key),
                ];
                if (values.All(value => value is not null))
                {
                    found.TryAdd(same.Key, Mean(key, values!));
                }
            }
        }

        return found;
    }

    // A value without noise, such as the FID of training images, is the same in each set.
    private static RunMeasurement Mean(string stage, IReadOnlyList<Measurement> sets)
    {
        var first = sets[0];
        return sets.Count == 1 || first.Noise?.Length == 0 ? new(stage, first) : new(stage, first with
        {
            Value = sets.All(set => set.Value is not null) ? sets.Average(set => set.Value!.Value) : null,
            Low = null,
            High = null,
            Setting = MeasurementSetting.OverNoiseSets(first.Setting, sets.Count),
        })
        {
            Sets = sets,
        };
    }
}
