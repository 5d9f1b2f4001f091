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
    private const string First = "the first";
    private const string Second = "the second";

    /// <summary>
    /// The differences of the arms that both experiments have: the second minus the first. Arms that are paired are one family of sign-flip
    /// tests; p values and intervals of the others are adjusted by Bonferroni's rule.
    /// </summary>
    /// <param name="comparison">A metric without conflicts.</param>
    /// <returns>Differences in the order of the first experiment.</returns>
    public static IReadOnlyList<CrossDifference> Of(CrossComparison comparison, ExperimentRecord one, ExperimentRecord other)
    {
        var margin = Margin(one, comparison.Metric) ?? Margin(other, comparison.Metric);
        var reason = margin is null ? "neither experiment declares a smallestRelevantEffect for this metric" : null;
        CrossDraft[] drafts =
        [
            .. comparison.One.Join(comparison.Other, sample => sample.Arm, sample => sample.Arm, (mine, theirs) =>
            {
                var why = Why(Seeds(one, mine.Arm), Seeds(other, mine.Arm));
                return new CrossDraft(
                    mine.Arm,
                    mine with { Arm = First },
                    theirs with { Arm = Second },
                    why.Length > 0 || mine.Values.Count == 0 || theirs.Values.Count == 0 || Common(mine, theirs) ? why : "no seed has a value in both");
            }),
        ];
        var paired = drafts.Where(draft => draft.Why.Length == 0).ToArray();
        var results = Comparison.Of([.. paired.Select(draft => draft.Question(comparison.Metric, margin, reason))]);
        var unpaired = drafts.Count(draft => draft.Why.Length > 0 && draft.Welch is not null);
        return
        [
            .. drafts.Select(draft => Array.IndexOf(paired, draft) is >= 0 and var at
                ? draft.Paired(results[at])
                : draft.Unpaired(comparison.Metric, margin, reason, unpaired)),
        ];
    }

    private static bool Common(ArmSample one, ArmSample other) =>
        one.Finite.Select(seed => seed.Seed).Concat(one.DivergedSeeds).Intersect(other.Finite.Select(seed => seed.Seed).Concat(other.DivergedSeeds)).Any();

    private static double? Margin(ExperimentRecord record, string metric) => record.PrimaryMetric == metric ? record.SmallestRelevantEffect : null;

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
/// <param name="Difference">The second mean minus the first in the unit of the metric; null if one has no value.</param>
/// <param name="Result">The test of the difference.</param>
public sealed record CrossDifference(string Arm, CrossDesign Design, string Why, double? Difference, ContrastResult Result)
{
    /// <summary>The verdict on the second experiment; null if both are the same.</summary>
    public Verdict? Verdict => Design == CrossDesign.Same ? null : Result.Verdict;
}

/// <summary>An arm of two experiments before the tests.</summary>
internal sealed record CrossDraft(string Arm, ArmSample One, ArmSample Other, string Why)
{
    private readonly EffectScale _scale = Comparison.ScaleOf([One, Other]);

    /// <summary>The comparison of the means; null if the spread is unknown.</summary>
    public Welch? Welch => Statistics.Welch.Of(Scaled(One), Scaled(Other));

    public ContrastQuestion Question(string metric, double? margin, string? reason) =>
        new(Experiments.Contrast.Of(Other.Arm, One.Arm), metric, [Other, One], margin, reason);

    public CrossDifference Paired(ContrastResult result)
    {
        var pairs = One.Finite.Join(Other.Finite, seed => seed.Seed, seed => seed.Seed, (mine, theirs) => (mine, theirs)).ToArray();
        var same = pairs.Length > 0 && pairs.All(pair =>
            pair.mine.Stage == pair.theirs.Stage && pair.mine.Measurement.Value == pair.theirs.Measurement.Value);
        double? difference = pairs.Length == 0 ? null
            : pairs.Average(pair => pair.theirs.Measurement.Value!.Value - pair.mine.Measurement.Value!.Value);
        return same ? new(Arm, CrossDesign.Same, "", difference, result)
            : new(Arm, result.Test is null ? CrossDesign.None : CrossDesign.Paired, result.Test is null ? Missing() : "", difference, result);
    }

    /// <param name="family">The number of arms that are compared by their means.</param>
    public CrossDifference Unpaired(string metric, double? margin, string? reason, int family)
    {
        if (One.Stopped || Other.Stopped)
        {
            var stopped = new ContrastDraft(Question(metric, margin, reason)).Result(null, family);
            return new(Arm, CrossDesign.None, "stopped by a declared rule", null, stopped);
        }

        // The draft of the contrast knows margin, direction and losses; seeds that happen to be equal are not pairs.
        var result = new ContrastDraft(Question(metric, margin, reason)).Result(null, family) with { Effects = [], Ended = 0 };
        if (One.Values.Count == 0 || Other.Values.Count == 0)
        {
            return new(Arm, CrossDesign.None, Missing(), null, result);
        }

        var difference = Other.Summary.Mean - One.Summary.Mean;
        if (Welch is not { } welch)
        {
            var few = One.Values.Count < 2 || Other.Values.Count < 2;
            return new(
                Arm,
                CrossDesign.None,
                Why + (few ? "; too few values to estimate the spread" : "; all values of an arm are equal, so the spread is unknown"),
                difference,
                result with { Verdict = result.IsRanked ? Verdict.Diverged : few ? Verdict.Underpowered : Verdict.Inconclusive });
        }

        double Adjusted(double p) => Math.Min(1, family * p);
        var tested = result with
        {
            Test = result.IsRanked ? null : new(
                One.Values.Count + Other.Values.Count,
                welch.Difference,
                null,
                welch.Interval(1 - (MaxT.Level / family)),
                result.Margin is null ? null : welch.Interval(1 - (2 * MaxT.Level / family)),
                Adjusted(welch.PValue),
                result.Margin is not { } least ? null
                    : Math.Abs(welch.Difference) <= least ? 1 : Adjusted(welch.PValueOf(Math.CopySign(least, welch.Difference))),
                result.Margin is not { } most ? null
                    : Math.Abs(welch.Difference) >= most ? 1 : Adjusted(Math.Max(welch.PValueOf(most), welch.PValueOf(-most)) / 2),
                0),
        };
        return new(Arm, CrossDesign.Unpaired, Why, difference, tested with { Verdict = Comparison.Judge(tested) });
    }

    private string Missing() => One.Values.Count > 0 && Other.Values.Count > 0 ? "no seed has a value in both"
        : "no seed has a value in " + (One.Values.Count > 0 ? "the second" : Other.Values.Count > 0 ? "the first" : "either");

    private Summary Scaled(ArmSample sample) => _scale == EffectScale.Difference ? sample.Summary
        : Summary.Of([.. sample.Values.Select(value => Math.Log(value))]);
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
