namespace MfRae.Lab.Core.Statistics;

/// <summary>An arm that two experiments have, in one metric: the second against the first.</summary>
/// <param name="Why">Why it is not compared seed by seed; the empty string where it is.</param>
/// <param name="Pairs">The first as baseline; none where seeds are no pairs.</param>
/// <param name="Difference">The second mean less the first, over pairs where there are any; null where one has no value.</param>
/// <param name="Interval">95 % interval of the difference, or null.</param>
/// <param name="PValue">Alone, or null where nothing is tested.</param>
/// <param name="AdjustedPValue">After Holm over the <paramref name="Family"/> arms that are tested.</param>
/// <param name="SmallestPValue">The smallest adjusted value that so many seeds can reach.</param>
/// <param name="Band">Relative noise band of the metric, or null.</param>
public sealed record CrossDifference(
    string Arm,
    string Metric,
    CrossDesign Design,
    string Why,
    IReadOnlyList<PairedDifference> Pairs,
    double Baseline,
    double? Difference,
    Interval? Interval,
    double? PValue,
    double? AdjustedPValue,
    double SmallestPValue,
    int Family,
    double? Band,
    bool? HigherIsBetter)
{
    /// <summary>The difference as a fraction of the first mean, or null where that is zero or there is none.</summary>
    public double? Relative => Difference is { } difference && Baseline != 0 ? difference / Math.Abs(Baseline) : null;

    /// <summary>Whether the difference is larger than the noise band; true where the metric has none.</summary>
    public bool BeyondBand => Band is not { } band || Relative is not { } relative || Math.Abs(relative) > band;

    /// <summary>Of the second, as in <see cref="Comparison"/>; null where both are the same.</summary>
    public Verdict? Verdict => Design switch
    {
        CrossDesign.Same => null,
        CrossDesign.None => Difference is null ? Statistics.Verdict.Missing : Statistics.Verdict.Underpowered,
        _ when SmallestPValue >= Power.Level => Statistics.Verdict.Underpowered,
        _ when AdjustedPValue >= Power.Level || !BeyondBand || HigherIsBetter is null => Statistics.Verdict.Inconclusive,
        _ => Difference > 0 == HigherIsBetter ? Statistics.Verdict.Better : Statistics.Verdict.Worse,
    };
}
