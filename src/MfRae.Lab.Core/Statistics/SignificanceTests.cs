using MathNet.Numerics.Distributions;

namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Two-sided permutation test of paired differences: if the arms did not differ, each difference would be equally likely with the opposite
/// sign. The statistic is the absolute mean.
/// </summary>
public static class SignFlip
{
    /// <summary>Up to this many pairs all assignments of signs are enumerated.</summary>
    public const int LargestExact = 16;

    private const int Draws = 1 << 17;

    /// <summary>The fraction of sign assignments whose statistic is at least the observed one.</summary>
    public static double PValue(IReadOnlyList<double> differences, long seed = 0)
    {
        if (differences.Count == 0)
        {
            return 1;
        }

        // Equal sums may differ in the last bits according to the order of addition.
        var least = Math.Abs(differences.Sum()) * (1 - 1e-12) - double.Epsilon;
        return differences.Count <= LargestExact ? Exact(differences, least) : Drawn(differences, least, seed);
    }

    /// <summary>The smallest p that the test can give for a number of pairs: 2 / 2ⁿ, so .0625 for five pairs and .03125 for six.</summary>
    public static double SmallestPValue(int pairs) => pairs switch
    {
        <= 0 => 1,
        <= LargestExact => 2 / Math.Pow(2, pairs),
        _ => 1d / (Draws + 1),
    };

    private static double Exact(IReadOnlyList<double> differences, double least)
    {
        var assignments = 1 << differences.Count;
        var extreme = 0;
        for (var signs = 0; signs < assignments; signs++)
        {
            extreme += Math.Abs(Sum(differences, signs)) >= least ? 1 : 0;
        }

        return (double)extreme / assignments;
    }

    /// <summary>The observed assignment counts as one of the draws, so the value is never zero.</summary>
    private static double Drawn(IReadOnlyList<double> differences, double least, long seed)
    {
        var random = new SplitMix((ulong)Seed.For(seed, "signFlip"));
        var extreme = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            var sum = 0d;
            for (var first = 0; first < differences.Count; first += 64)
            {
                var signs = random.Next();
                for (var i = first; i < Math.Min(first + 64, differences.Count); i++, signs >>= 1)
                {
                    sum += (signs & 1) == 0 ? differences[i] : -differences[i];
                }
            }

            extreme += Math.Abs(sum) >= least ? 1 : 0;
        }

        return (extreme + 1d) / (Draws + 1);
    }

    private static double Sum(IReadOnlyList<double> differences, int signs)
    {
        var sum = 0d;
        for (var i = 0; i < differences.Count; i++)
        {
            sum += (signs >> i & 1) == 0 ? differences[i] : -differences[i];
        }

        return sum;
    }
}

/// <summary>
/// Comparison of two means of unpaired values with unequal variances: Welch's t (B. L. Welch, The generalization of Student's problem when
/// several different population variances are involved, Biometrika 34, 1947).
/// </summary>
/// <param name="Difference">The second mean minus the first.</param>
/// <param name="Interval">The 95 % interval of the difference.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="Freedom">Degrees of freedom after Welch and Satterthwaite, rounded down, which widens the interval and raises p.</param>
public sealed record Welch(double Difference, Interval Interval, double PValue, int Freedom)
{
    /// <summary>Compares two means.</summary>
    /// <returns>Null if one of them has fewer than two values, or both have no spread: the error of the means is unknown.</returns>
    public static Welch? Of(Summary one, Summary other)
    {
        if (one.Deviation is not { } first || other.Deviation is not { } second || (first == 0 && second == 0))
        {
            return null;
        }

        var (a, b) = (first * first / one.Count, second * second / other.Count);
        var error = Math.Sqrt(a + b);
        // Rounding errors must not turn three degrees into 2.9999….
        var freedom = Math.Max(1, (int)(((a + b) * (a + b) / ((a * a / (one.Count - 1)) + (b * b / (other.Count - 1)))) + 1e-9));
        var difference = other.Mean - one.Mean;
        var half = StudentT.InvCDF(0, 1, freedom, 0.975) * error;
        return new(
            difference,
            new(difference - half, difference + half),
            2 * StudentT.CDF(0, 1, freedom, -Math.Abs(difference) / error),
            freedom);
    }
}

/// <summary>Holm's step-down adjustment: bounds the chance of any false finding over a family of tests.</summary>
public static class Holm
{
    /// <summary>Adjusted values, in the order given.</summary>
    public static IReadOnlyList<double> Adjust(IReadOnlyList<double> pValues)
    {
        var adjusted = new double[pValues.Count];
        var order = Enumerable.Range(0, pValues.Count).OrderBy(i => pValues[i]).ToArray();
        var running = 0d;
        for (var rank = 0; rank < order.Length; rank++)
        {
            running = Math.Max(running, Math.Min(1, (order.Length - rank) * pValues[order[rank]]));
            adjusted[order[rank]] = running;
        }

        return adjusted;
    }
}

/// <summary>The smallest p that an experiment of a given size can reach, known before it runs.</summary>
public static class Power
{
    /// <summary>A difference is significant below this adjusted p.</summary>
    public const double Level = 0.05;

    /// <summary>The smallest adjusted p that each of several comparisons can reach, from their numbers of paired seeds.</summary>
    public static IReadOnlyList<double> SmallestPValues(IReadOnlyList<int> pairs) =>
        Holm.Adjust([.. pairs.Select(SignFlip.SmallestPValue)]);

    /// <summary>The fewest seeds with which each of several comparisons can reach significance: six for one comparison, eight for four.</summary>
    public static int SeedsNeeded(int comparisons)
    {
        var seeds = 1;
        while (Math.Max(1, comparisons) * SignFlip.SmallestPValue(seeds) >= Level)
        {
            seeds++;
        }

        return seeds;
    }

    /// <summary>The sentence that a plan prints before a run, and a report shows after it.</summary>
    /// <param name="pairs">Paired seeds of the comparison with the fewest.</param>
    /// <param name="comparisons">Arms compared with the baseline.</param>
    /// <param name="smallest">The largest of their <see cref="SmallestPValues"/>.</param>
    public static string Describe(int pairs, int comparisons, double smallest)
    {
        if (comparisons < 1)
        {
            return "There are no arms to compare with the baseline.";
        }

        var design = $"With {Count(pairs, "seed")} and {Count(comparisons, "comparison")}";
        return smallest < Level
            ? $"{design} a consistent difference can be significant (smallest possible {ComparisonText.P(smallest)})."
            : $"{design} no difference can be significant (smallest possible {ComparisonText.P(smallest)}). Run {SeedsNeeded(comparisons)} seeds.";
    }

    /// <summary>The same text if all comparisons have the same number of paired seeds.</summary>
    public static string Describe(int pairs, int comparisons) =>
        Describe(pairs, comparisons, SmallestPValues([.. Enumerable.Repeat(pairs, comparisons)]).Append(0).Max());

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
