namespace MfRae.Lab.Core.Statistics;

/// <summary>An arm against the baseline in one metric.</summary>
/// <param name="Interval">95 % bootstrap interval of the mean difference, or null without pairs.</param>
/// <param name="PValue">Of the sign-flip test, alone.</param>
/// <param name="AdjustedPValue">After Holm over the <paramref name="Family"/> comparisons.</param>
/// <param name="SmallestPValue">The smallest adjusted value these numbers of seeds can reach.</param>
/// <param name="Band">Relative noise band of the metric, or null.</param>
/// <param name="Losses">Seeds that diverged in either arm.</param>
public sealed record ArmComparison(
    string Arm,
    string Baseline,
    string Metric,
    Verdict Verdict,
    IReadOnlyList<PairedDifference> Pairs,
    int Planned,
    Interval? Interval,
    double PValue,
    double AdjustedPValue,
    double SmallestPValue,
    int Family,
    double? Band,
    bool? HigherIsBetter,
    IdentityConflict? Conflict,
    SeedLosses Losses = default)
{
    public double MeanDifference => Summary.Of([.. Pairs.Select(pair => pair.Difference)]).Mean;

    /// <summary>
    /// The mean difference as a fraction of the baseline's mean over the same seeds, or null where that is zero or there
    /// are no pairs.
    /// </summary>
    public double? RelativeDifference => Math.Abs(MeanBaseline) is > 0 and var size ? MeanDifference / size : null;

    /// <summary>Of the seeds that are compared.</summary>
    public double MeanBaseline => Summary.Of([.. Pairs.Select(pair => pair.Baseline)]).Mean;

    /// <summary>Whether the mean difference is larger than the noise band; true where the metric has none.</summary>
    public bool BeyondBand => NoiseBand.IsExceeded(Band, RelativeDifference);

    /// <summary>Whether every pair differs in the same direction.</summary>
    public bool SeedsAgree => Pairs.All(pair => pair.Difference > 0) || Pairs.All(pair => pair.Difference < 0);

    /// <summary>The mean difference in this form; null without pairs, or where the baseline's mean is zero and must not be.</summary>
    public double? Mean(DifferenceForm form) => Pairs.Count == 0 ? null : form.Tell(MeanDifference, MeanBaseline);

    /// <summary>The interval in the same form; null where there is none.</summary>
    public Interval? IntervalOf(DifferenceForm form) => Interval is { } interval
        && form.Tell(interval.Low, MeanBaseline) is { } low && form.Tell(interval.High, MeanBaseline) is { } high
            ? new(low, high)
            : null;
}

/// <summary>How many seeds of an arm and of its baseline diverged.</summary>
/// <param name="Arm">Diverged seeds of the arm.</param>
/// <param name="Baseline">Diverged seeds of the baseline.</param>
/// <param name="BaselinePlanned">Seeds of the baseline.</param>
public readonly record struct SeedLosses(int Arm, int Baseline, int BaselinePlanned)
{
    /// <summary>Whether the seeds with a value are no verdict.</summary>
    public bool Decide => Arm > 0 || (Baseline > 0 && Baseline == BaselinePlanned);
}
