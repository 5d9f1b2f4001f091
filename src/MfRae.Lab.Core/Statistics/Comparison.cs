namespace MfRae.Lab.Core.Statistics;

/// <summary>Compares arms with a baseline, seed by seed.</summary>
public static class Comparison
{
    /// <summary>
    /// One comparison per arm, in order. Arms whose measurements have another identity than the baseline's get no number
    /// and do not count in the family over which p values are adjusted.
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

    /// <summary>Of a difference that was tested, or that could not be for want of values.</summary>
    /// <param name="smallest">The smallest adjusted p that was within reach.</param>
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
