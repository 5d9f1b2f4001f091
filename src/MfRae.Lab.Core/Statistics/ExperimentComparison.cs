using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>All arms of an experiment in one metric, and their comparisons.</summary>
public sealed class ExperimentComparison
{
    private readonly ExperimentRecord _record;
    private readonly Dictionary<string, StageRecord> _stages;
    private readonly Lazy<IReadOnlyList<ContrastResult>> _comparisons;
    private readonly Lazy<IReadOnlyList<ContrastResult>> _declared;
    private readonly Lazy<IReadOnlyList<ContrastResult>> _factorial;
    private readonly Lazy<IReadOnlySet<string>?> _mayBeBest;

    private ExperimentComparison(ExperimentRecord record, string metric)
    {
        (_record, Metric) = (record, metric);
        _stages = record.Stages.ToDictionary(stage => stage.Key);
        Arms = Samples(metric);
        Baseline = (record.Arms.FirstOrDefault(arm => arm.Baseline) ?? record.Arms[0]).Name;
        Best = BestOf(Arms);
        Conflict = MeasurementIdentity.Difference(Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement));
        _comparisons = new(Compare);
        _declared = new(Declared);
        _factorial = new(Factorial);
        _mayBeBest = new(() => BestArms.Of(Arms));
    }

    /// <summary>Key of the metric.</summary>
    public string Metric { get; }

    /// <summary>Name of the baseline arm.</summary>
    public string Baseline { get; }

    /// <summary>All arms including the baseline, in the order of the experiment, without pilot seeds.</summary>
    public IReadOnlyList<ArmSample> Arms { get; }

    /// <summary>The arm with the best mean; null without values, without a direction, or if the arms are not comparable.</summary>
    public string? Best { get; }

    /// <summary>The first reason why arms are not compared, or null.</summary>
    public IdentityConflict? Conflict { get; }

    /// <summary>
    /// The contrast of each arm except the baseline with the baseline, in the order of the experiment: one family. They have verdicts in the
    /// primary metric, unless the experiment declares contrasts.
    /// </summary>
    public IReadOnlyList<ContrastResult> Comparisons => _comparisons.Value;

    /// <summary>The contrasts that the experiment declares, in any metric: one family.</summary>
    public IReadOnlyList<ContrastResult> Contrasts => _declared.Value;

    /// <summary>The contrasts that carry the verdicts of the experiment: those that it declares, otherwise those with the baseline.</summary>
    public IReadOnlyList<ContrastResult> Decisions => _record.Contrasts is { Count: > 0 } ? Contrasts : Comparisons;

    /// <summary>Main effects and interactions of arms that form a grid, in the order of <see cref="FactorialContrasts"/>: one family.</summary>
    public IReadOnlyList<ContrastResult> Effects => _factorial.Value;

    /// <summary>The arms that may be the best; null if there is no such set. See <see cref="BestArms"/>.</summary>
    public IReadOnlySet<string>? MayBeBest => _mayBeBest.Value;

    private double? Margin => Metric == _record.PrimaryMetric ? _record.SmallestRelevantEffect : null;

    /// <summary>Compares arms in the primary metric, or in another metric by its key.</summary>
    public static ExperimentComparison Of(ExperimentRecord record, string? metric = null) => new(record, metric ?? record.PrimaryMetric);

    private IReadOnlyList<ContrastResult> Compare() => Comparison.Against(
        Arms.First(arm => arm.Arm == Baseline),
        [.. Arms.Where(arm => arm.Arm != Baseline)],
        Metric,
        Margin,
        Metric != _record.PrimaryMetric ? "the smallest relevant effect is that of the primary metric"
            : _record.Contrasts is { Count: > 0 } ? "the experiment declares other contrasts"
            : null);

    private IReadOnlyList<ContrastResult> Declared()
    {
        if (_record.Contrasts is not { Count: > 0 } contrasts)
        {
            return [];
        }

        var samples = new Dictionary<string, IReadOnlyList<ArmSample>> { [Metric] = Arms };
        // A plan from elsewhere may have contrasts of arms that it does not have.
        var known = contrasts.Where(contrast => contrast.Weights.Keys.All(name => Arms.Any(arm => arm.Arm == name)));
        return Comparison.Of([.. known.Select(contrast =>
        {
            var metric = contrast.Metric ?? _record.PrimaryMetric;
            if (!samples.TryGetValue(metric, out var arms))
            {
                samples[metric] = arms = Samples(metric);
            }

            return new ContrastQuestion(
                contrast,
                metric,
                [.. arms.Where(arm => contrast.Weights.ContainsKey(arm.Arm))],
                contrast.SmallestRelevantEffect ?? (metric == _record.PrimaryMetric ? _record.SmallestRelevantEffect : null),
                contrast.SmallestRelevantEffect is null && metric != _record.PrimaryMetric
                    ? "the contrast has another metric than the experiment and declares no smallestRelevantEffect"
                    : null);
        })]);
    }

    private IReadOnlyList<ContrastResult> Factorial() => Comparison.Of([.. FactorialContrasts.Of(_record.Arms).Select(effect =>
        new ContrastQuestion(
            effect.Contrast,
            Metric,
            [.. Arms.Where(arm => effect.Contrast.Weights.ContainsKey(arm.Arm))],
            Margin,
            Metric != _record.PrimaryMetric ? "the smallest relevant effect is that of the primary metric" : null,
            HasDirection: effect.IsMain))]);

    private IReadOnlyList<ArmSample> Samples(string metric) => [.. _record.Arms.Select(arm => Sample(_record, arm.Name, metric, _stages))];

    private static ArmSample Sample(ExperimentRecord record, string arm, string metric, Dictionary<string, StageRecord> stages)
    {
        var runs = record.Runs.Where(run => run.Arm == arm && !run.Pilot).ToArray();
        var measured = Measured(runs);
        // A diverged run may have values of stages that it shares with other runs, such as the reconstruction.
        var valued = measured.Where(seed => seed.Finite).Select(seed => seed.Seed).ToHashSet();
        return new(
            arm,
            measured,
            runs.Length,
            [.. runs.Where(run => run.Status == AttemptStatus.Diverged && !valued.Contains(run.Seed)).Select(run => run.Seed).Distinct()],
            Measured(record.Runs.Where(run => run.Arm == arm && run.Pilot)),
            record.Runs.Any(run => run.Arm == arm && run.Status == AttemptStatus.Stopped));

        IReadOnlyList<SeedMeasurement> Measured(IEnumerable<RunRecord> some) =>
        [
            .. from run in some
               orderby run.Seed
               let found = RunMeasurement.Of(run, stages).GetValueOrDefault(metric)
               where found is not null
               select new SeedMeasurement(run.Seed, found.Stage, found.Measurement),
        ];
    }

    private static string? BestOf(IReadOnlyList<ArmSample> arms)
    {
        var measured = arms.Where(arm => arm is { Finite.Count: > 0, Stopped: false }).ToArray();
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
/// <param name="DivergedSeeds">The planned seeds without a value whose run diverged; null: none.</param>
/// <param name="Pilots">Measurements of the pilot seeds; null: none.</param>
/// <param name="Stopped">Whether a declared rule stopped a run of the arm. Its values are shown, and no verdict, rank or test contains them.</param>
public sealed record ArmSample(
    string Arm,
    IReadOnlyList<SeedMeasurement> Measured,
    int Planned,
    IReadOnlyList<long>? DivergedSeeds = null,
    IReadOnlyList<SeedMeasurement>? Pilots = null,
    bool Stopped = false)
{
    /// <summary>The planned seeds without a value whose run diverged.</summary>
    public IReadOnlyList<long> DivergedSeeds { get; init; } = DivergedSeeds ?? [];

    /// <summary>Measurements of the pilot seeds, which no mean and no test contains.</summary>
    public IReadOnlyList<SeedMeasurement> Pilots { get; init; } = Pilots ?? [];

    /// <summary>Number of planned seeds without a value whose run diverged.</summary>
    public int Diverged => DivergedSeeds.Count;

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
    /// The roles whose measurements belong to a run, followed by the training that ends the arm (<see cref="CostMeasurements.RoleOf"/>). The first
    /// role with a key takes precedence. The evaluation of the teacher is separate from the arms.
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
        foreach (var role in Roles.Append(CostMeasurements.RoleOf(run.Stages)))
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
