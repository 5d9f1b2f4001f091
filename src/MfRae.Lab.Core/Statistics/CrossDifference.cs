namespace MfRae.Lab.Core.Statistics;

/// <summary>An arm that two experiments have, in one metric: the second against the first.</summary>
/// <param name="Why">Why it is not compared seed by seed, or not at all; the empty string where it is seed by seed.</param>
/// <param name="Pairs">The first as baseline; none where seeds are no pairs.</param>
/// <param name="Difference">The second mean less the first, over pairs where there are any; null where one has no value.</param>
/// <param name="Interval">95 % interval of the difference, or null where there are too few pairs for one, or nothing is tested.</param>
/// <param name="PValue">Alone, or null where nothing is tested.</param>
/// <param name="AdjustedPValue">After Holm over the <paramref name="Family"/> arms that are tested.</param>
/// <param name="SmallestPValue">The smallest adjusted value that so many seeds can reach.</param>
/// <param name="Band">Relative noise band of the metric, or null.</param>
/// <param name="Divergence">Which seeds of either diverged: the others are no verdict; the empty string where none did.</param>
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
    bool? HigherIsBetter,
    string Divergence = "")
{
    /// <summary>The difference as a fraction of the first mean, or null where that is zero or there is none.</summary>
    public double? Relative => Difference is { } difference && Baseline != 0 ? difference / Math.Abs(Baseline) : null;

    /// <summary>Whether the difference is larger than the noise band; true where the metric has none.</summary>
    public bool BeyondBand => NoiseBand.IsExceeded(Band, Relative);

    /// <summary>Of the second, as in <see cref="Comparison"/>; null where both are the same.</summary>
    public Verdict? Verdict => Design switch
    {
        CrossDesign.Same => null,
        _ when Divergence.Length > 0 => Statistics.Verdict.Diverged,
        _ when Difference is null => Statistics.Verdict.Missing,
        _ => Comparison.Judge(Difference.Value, AdjustedPValue ?? 1, SmallestPValue, BeyondBand, HigherIsBetter),
    };
}
