using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Statistics;

/// <summary>One metric in two experiments.</summary>
/// <param name="One">The arms of the first experiment.</param>
/// <param name="Other">The arms of the second experiment.</param>
/// <param name="Conflicts">All fields of the identity in which any values differ; if there are any, the values must not be compared.</param>
public sealed record CrossComparison(
    string Metric, IReadOnlyList<ArmSample> One, IReadOnlyList<ArmSample> Other, IReadOnlyList<IdentityConflict> Conflicts)
{
    /// <summary>All metrics that both experiments have measured, in the order of the first.</summary>
    public static IReadOnlyList<CrossComparison> Of(ExperimentRecord one, ExperimentRecord other)
    {
        var theirs = RunMeasurement.Keys(other).ToHashSet();
        return [.. RunMeasurement.Keys(one).Where(theirs.Contains).Select(metric => Of(metric, one, other))];
    }

    private static CrossComparison Of(string metric, ExperimentRecord one, ExperimentRecord other)
    {
        var (mine, theirs) = (ExperimentComparison.Of(one, metric).Arms, ExperimentComparison.Of(other, metric).Arms);
        var measurements = mine.Concat(theirs).SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).ToList();
        var conflicts = measurements.Skip(1).SelectMany(measurement => MeasurementIdentity.Differences(measurements[0], measurement));
        return new(metric, mine, theirs, [.. conflicts.Distinct()]);
    }
}

/// <summary>
/// Compares arms of the same name in two experiments: seed by seed if both ran the arm with the same seeds, because equal seeds share
/// initialisation, data order, noise and evaluation latents in all experiments; otherwise by their means.
/// </summary>
public static class CrossDifferences
{
    /// <summary>The differences of the arms that both experiments have.</summary>
    /// <param name="comparison">A metric without conflicts.</param>
    /// <returns>Differences in the order of the first experiment.</returns>
    public static IReadOnlyList<CrossDifference> Of(CrossComparison comparison, ExperimentRecord one, ExperimentRecord other)
    {
        var drafts = comparison.One
            .Join(comparison.Other, sample => sample.Arm, sample => sample.Arm, (mine, theirs) => Draft(comparison.Metric, mine, theirs,
                Why(Seeds(one, mine.Arm), Seeds(other, mine.Arm))))
            .ToArray();
        var tested = drafts.Where(draft => draft.PValue is not null).ToArray();
        var adjusted = Holm.Adjust([.. tested.Select(draft => draft.PValue!.Value)]);
        var smallest = Holm.Adjust([.. tested.Select(draft => draft.SmallestPValue)]);
        return [.. drafts.Select(draft => Array.IndexOf(tested, draft) is >= 0 and var at
            ? draft with { AdjustedPValue = adjusted[at], SmallestPValue = smallest[at], Family = tested.Length }
            : draft)];
    }

    private static CrossDifference Draft(string metric, ArmSample one, ArmSample other, string why)
    {
        var identity = one.Measured.Concat(other.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        var draft = new CrossDifference(
            one.Arm, metric, CrossDesign.None, why, [], one.Summary.Mean, null, null, null, null, 1, 0,
            identity is null ? null : NoiseBand.Of(identity.Metric), identity?.HigherIsBetter,
            string.Join("; ", new[]
            {
                ComparisonText.Diverged(one.Diverged, one.Planned, " of the first"),
                ComparisonText.Diverged(other.Diverged, other.Planned, " of the second"),
            }.Where(text => text.Length > 0)));
        if (one.Values.Count == 0 || other.Values.Count == 0)
        {
            return draft with { Why = "no seed has a value in " + (one.Values.Count > 0 ? "the second" : other.Values.Count > 0 ? "the first" : "either") };
        }

        return why.Length == 0 && PairedDifference.Of(one, other) is { Count: > 0 } pairs
            ? Paired(draft, pairs, one, other)
            : Unpaired(draft with { Why = why.Length > 0 ? why : "no seed has a value in both" }, one.Summary, other.Summary);
    }

    private static CrossDifference Paired(CrossDifference draft, IReadOnlyList<PairedDifference> pairs, ArmSample one, ArmSample other)
    {
        double[] differences = [.. pairs.Select(pair => pair.Difference)];
        var same = differences.All(difference => difference == 0)
            && one.Finite.Join(other.Finite, seed => seed.Seed, seed => seed.Seed, (mine, theirs) => mine.Stage == theirs.Stage).All(shared => shared);
        var compared = draft with
        {
            Design = same ? CrossDesign.Same : CrossDesign.Paired,
            Pairs = pairs,
            Baseline = pairs.Average(pair => pair.Baseline),
            Difference = differences.Average(),
        };
        return same ? compared : compared with
        {
            Interval = pairs.Count < Bootstrap.FewestValues ? null : Bootstrap.OfMean(differences),
            PValue = SignFlip.PValue(differences),
            SmallestPValue = SignFlip.SmallestPValue(pairs.Count),
        };
    }

    private static CrossDifference Unpaired(CrossDifference draft, Summary one, Summary other)
    {
        if (Welch.Of(one, other) is { } welch)
        {
            return draft with
            {
                Design = CrossDesign.Unpaired,
                Difference = welch.Difference,
                Interval = welch.Interval,
                PValue = welch.PValue,
                SmallestPValue = 0,
            };
        }

        // Values without spread are not necessarily too few: more seeds might give the same value.
        var few = one.Count < 2 || other.Count < 2;
        return draft with
        {
            Why = draft.Why + (few ? "; too few values to estimate the spread" : "; all values of an arm are equal, so the spread is unknown"),
            Difference = other.Mean - one.Mean,
            SmallestPValue = few ? 1 : 0,
        };
    }

    private static long[] Seeds(ExperimentRecord record, string arm) =>
        [.. record.Runs.Where(run => run.Arm == arm).Select(run => run.Seed).Distinct().Order()];

    private static string Why(long[] one, long[] other) => one.SequenceEqual(other) ? ""
        : $"not paired by seed: the first has {Text(one)}, the second has {Text(other)}";

    private static string Text(long[] seeds) => seeds.Length == 1 ? $"seed {Number(seeds[0])}"
        : seeds.Length > 2 && seeds[^1] - seeds[0] == seeds.Length - 1 ? $"seeds {Number(seeds[0])}–{Number(seeds[^1])}"
        : $"seeds {string.Join(", ", seeds.Select(Number))}";

    private static string Number(long seed) => seed.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The difference between two experiments in one arm and metric: the second minus the first.</summary>
/// <param name="Why">The reason why it is not compared seed by seed, or not at all; empty if it is compared seed by seed.</param>
/// <param name="Pairs">The pairs with the first experiment as baseline; empty if seeds are not paired.</param>
/// <param name="Difference">The second mean minus the first, over pairs if there are any; null if one has no value.</param>
/// <param name="Interval">95 % interval of the difference, or null with too few pairs or without a test.</param>
/// <param name="PValue">p, not adjusted, or null without a test.</param>
/// <param name="AdjustedPValue">p after Holm adjustment over the <paramref name="Family"/> tested arms.</param>
/// <param name="SmallestPValue">The smallest adjusted p that this number of seeds can reach.</param>
/// <param name="Band">Relative noise band of the metric, or null.</param>
/// <param name="Divergence">The diverged seeds, which leave the verdict open; empty if none diverged.</param>
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
    /// <summary>The difference as a fraction of the first mean, or null if that is zero or missing.</summary>
    public double? Relative => Difference is { } difference && Baseline != 0 ? difference / Math.Abs(Baseline) : null;

    /// <summary>Whether the difference is larger than the noise band; true if the metric has none.</summary>
    public bool BeyondBand => NoiseBand.IsExceeded(Band, Relative);

    /// <summary>The verdict on the second experiment, as in <see cref="Comparison"/>; null if both are the same.</summary>
    public Verdict? Verdict => Design switch
    {
        CrossDesign.Same => null,
        _ when Divergence.Length > 0 => Statistics.Verdict.Diverged,
        _ when Difference is null => Statistics.Verdict.Missing,
        _ => Comparison.Judge(Difference.Value, AdjustedPValue ?? 1, SmallestPValue, BeyondBand, HigherIsBetter),
    };
}

/// <summary>How the arms of the same name in two experiments are compared.</summary>
public enum CrossDesign
{
    /// <summary>Both have the same values from the same stages.</summary>
    Same,

    /// <summary>Seed by seed, with the sign-flip test.</summary>
    Paired,

    /// <summary>By the means, with Welch's t.</summary>
    Unpaired,

    /// <summary>Not compared, because values or their spread are missing.</summary>
    None,
}
