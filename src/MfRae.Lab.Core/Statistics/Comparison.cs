using MfRae.Lab.Core.Metrics;

namespace MfRae.Lab.Core.Statistics;

/// <summary>Compares arms with a baseline, seed by seed.</summary>
public static class Comparison
{
    /// <summary>
    /// One comparison per arm, in order. Arms whose measurements have another identity than those of the baseline get no number and are not
    /// part of the family over which p values are adjusted.
    /// </summary>
    public static IReadOnlyList<ArmComparison> Against(ArmSample baseline, IReadOnlyList<ArmSample> arms, string metric)
    {
        var candidates = arms.Select(arm => new Candidate(
            arm,
            MeasurementIdentity.Difference(baseline.Measured.Concat(arm.Measured).Select(seed => seed.Measurement)),
            PairedDifference.Of(baseline, arm))).ToArray();
        var family = candidates.Where(candidate => candidate.Tested).ToArray();
        var pValues = family.Select(candidate => SignFlip.PValue([.. candidate.Pairs.Select(pair => pair.Difference)])).ToArray();
        var adjusted = Holm.Adjust(pValues);
        var smallest = Power.SmallestPValues([.. family.Select(candidate => candidate.Pairs.Count)]);

        return [.. candidates.Select(candidate =>
        {
            var at = Array.IndexOf(family, candidate);
            var identity = baseline.Measured.Concat(candidate.Arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();
            var comparison = new ArmComparison(
                candidate.Arm.Arm,
                baseline.Arm,
                metric,
                Verdict.Missing,
                candidate.Conflict is null ? candidate.Pairs : [],
                candidate.Arm.Planned,
                at < 0 ? null : Bootstrap.OfMean([.. candidate.Pairs.Select(pair => pair.Difference)]),
                at < 0 ? 1 : pValues[at],
                at < 0 ? 1 : adjusted[at],
                at < 0 ? 1 : smallest[at],
                family.Length,
                identity is null ? null : NoiseBand.Of(identity.Metric),
                identity?.HigherIsBetter,
                candidate.Conflict,
                new(candidate.Arm.Diverged, baseline.Diverged, baseline.Planned));
            return comparison with { Verdict = Judge(comparison) };
        })];
    }

    /// <summary>The verdict on a difference that was tested, or that had too few values for a test.</summary>
    /// <param name="smallest">The smallest adjusted p that the test could reach.</param>
    /// <param name="beyondBand">See <see cref="NoiseBand.IsExceeded"/>.</param>
    internal static Verdict Judge(double difference, double adjustedPValue, double smallest, bool beyondBand, bool? higherIsBetter) =>
        smallest >= Power.Level ? Verdict.Underpowered
        : adjustedPValue >= Power.Level || !beyondBand || higherIsBetter is not { } higher ? Verdict.Inconclusive
        : difference > 0 == higher ? Verdict.Better
        : Verdict.Worse;

    private static Verdict Judge(ArmComparison comparison) =>
        comparison.Conflict is not null ? Verdict.NotComparable
        : comparison.Losses.Decide ? Verdict.Diverged
        : comparison.Pairs.Count == 0 ? Verdict.Missing
        : Judge(
            comparison.MeanDifference, comparison.AdjustedPValue, comparison.SmallestPValue, comparison.BeyondBand, comparison.HigherIsBetter);

    private sealed record Candidate(ArmSample Arm, IdentityConflict? Conflict, IReadOnlyList<PairedDifference> Pairs)
    {
        public bool Tested => Conflict is null && Pairs.Count > 0;
    }
}

/// <summary>The comparison of an arm with the baseline in one metric.</summary>
/// <param name="Interval">95 % bootstrap interval of the mean difference, or null without pairs.</param>
/// <param name="PValue">p of the sign-flip test, not adjusted.</param>
/// <param name="AdjustedPValue">p after Holm adjustment over the <paramref name="Family"/> comparisons.</param>
/// <param name="SmallestPValue">The smallest adjusted p that these numbers of seeds can reach.</param>
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
    /// <summary>The mean difference over pairs.</summary>
    public double MeanDifference => Summary.Of([.. Pairs.Select(pair => pair.Difference)]).Mean;

    /// <summary>
    /// The mean difference as a fraction of the baseline's mean over the same seeds; null without pairs, or if that mean is zero.
    /// </summary>
    public double? RelativeDifference => Math.Abs(MeanBaseline) is > 0 and var size ? MeanDifference / size : null;

    /// <summary>The mean of the baseline over the compared seeds.</summary>
    public double MeanBaseline => Summary.Of([.. Pairs.Select(pair => pair.Baseline)]).Mean;

    /// <summary>Whether the mean difference is larger than the noise band; true if the metric has none.</summary>
    public bool BeyondBand => NoiseBand.IsExceeded(Band, RelativeDifference);

    /// <summary>Whether all pairs differ in the same direction.</summary>
    public bool SeedsAgree => Pairs.All(pair => pair.Difference > 0) || Pairs.All(pair => pair.Difference < 0);

    /// <summary>The mean difference in a form; null without pairs, or if the form needs a baseline mean that is not zero.</summary>
    public double? Mean(DifferenceForm form) => Pairs.Count == 0 ? null : form.Tell(MeanDifference, MeanBaseline);

    /// <summary>The interval in a form, or null.</summary>
    public Interval? IntervalOf(DifferenceForm form) => Interval is { } interval
        && form.Tell(interval.Low, MeanBaseline) is { } low && form.Tell(interval.High, MeanBaseline) is { } high
            ? new(low, high)
            : null;
}

/// <summary>The numbers of diverged seeds of an arm and of its baseline.</summary>
/// <param name="Arm">Diverged seeds of the arm.</param>
/// <param name="Baseline">Diverged seeds of the baseline.</param>
/// <param name="BaselinePlanned">Seeds of the baseline.</param>
public readonly record struct SeedLosses(int Arm, int Baseline, int BaselinePlanned)
{
    /// <summary>Whether the divergence decides the verdict, whatever the values of the other seeds.</summary>
    public bool Decide => Arm > 0 || (Baseline > 0 && Baseline == BaselinePlanned);
}

/// <summary>The values of an arm and of the baseline with the same seed, and so with the same initialisation, data order and noise.</summary>
public sealed record PairedDifference(long Seed, double Baseline, double Value)
{
    /// <summary>The value minus the baseline.</summary>
    public double Difference => Value - Baseline;

    /// <summary>The pairs of the seeds that both have. Seeds that share both measurements are one pair.</summary>
    public static IReadOnlyList<PairedDifference> Of(ArmSample baseline, ArmSample arm) =>
    [
        .. (from one in arm.Finite
            join other in baseline.Finite on one.Seed equals other.Seed
            orderby one.Seed
            select (one, other))
        .DistinctBy(pair => (pair.one.Stage, pair.other.Stage))
        .Select(pair => new PairedDifference(pair.one.Seed, pair.other.Measurement.Value!.Value, pair.one.Measurement.Value!.Value)),
    ];
}

/// <summary>The outcome of the comparison of an arm with the baseline.</summary>
public enum Verdict
{
    /// <summary>Adjusted p below .05, better, and beyond the noise band.</summary>
    Better,

    /// <summary>Adjusted p below .05, worse, and beyond the noise band.</summary>
    Worse,

    /// <summary>Enough seeds, but no decision: inside the noise band, p too large, or a metric without direction.</summary>
    Inconclusive,

    /// <summary>Too few paired seeds for any outcome to reach p below .05.</summary>
    Underpowered,

    /// <summary>The values have different identities.</summary>
    NotComparable,

    /// <summary>
    /// Seeds of the arm diverged, or all seeds of the baseline. The remaining seeds are not representative: they are those that happened to
    /// survive.
    /// </summary>
    Diverged,

    /// <summary>No seed has a value in both arms.</summary>
    Missing,
}

/// <summary>Relative differences that retraining alone produces. Smaller differences do not distinguish two arms.</summary>
public static class NoiseBand
{
    /// <summary>Retraining moves a Fréchet distance by about 1.3 % (arXiv 2606.20536).</summary>
    public const double FrechetDistance = 0.013;

    /// <summary>Whether a relative difference is larger than the band; true without a band or without a relative difference.</summary>
    public static bool IsExceeded(double? band, double? relative) => band is not { } width || relative is not { } share || Math.Abs(share) > width;

    /// <summary>The band of a metric, or null if it is unknown.</summary>
    public static double? Of(string metric) => MetricCatalogue.NoiseBand(metric);
}
