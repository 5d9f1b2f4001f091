namespace MfRae.Lab.Core.Statistics;

/// <summary>What an experiment of a given size can show at all, known before it runs.</summary>
public static class Power
{
    /// <summary>A difference counts as shown below this adjusted p.</summary>
    public const double Level = 0.05;

    /// <summary>The smallest adjusted p that each of several comparisons can reach, from their numbers of paired seeds.</summary>
    public static IReadOnlyList<double> SmallestPValues(IReadOnlyList<int> pairs) => Holm.Adjust([.. pairs.Select(SignFlip.SmallestPValue)]);

    /// <summary>The fewest seeds with which every one of so many comparisons can reach significance: six for one, eight for four.</summary>
    public static int SeedsNeeded(int comparisons)
    {
        var seeds = 1;
        while (Math.Max(1, comparisons) * SignFlip.SmallestPValue(seeds) >= Level)
        {
            seeds++;
        }

        return seeds;
    }

    /// <summary>Said before a run by a plan and after it by a report, in the same words.</summary>
    /// <param name="pairs">Paired seeds of the comparison with the fewest.</param>
    /// <param name="comparisons">Arms compared with the baseline.</param>
    /// <param name="smallest">The largest of their <see cref="SmallestPValues"/>.</param>
    public static string Describe(int pairs, int comparisons, double smallest)
    {
        if (comparisons < 1)
        {
            return "Power: nothing to compare.";
        }

        var design = $"Power: {Count(pairs, "paired seed")} and {Count(comparisons, "comparison")}; the smallest value a two-sided "
            + $"sign-flip test can reach{(comparisons > 1 ? " after Holm" : "")} is {ComparisonText.P(smallest)}";
        return smallest < Level
            ? $"{design}, so a consistent difference can be shown."
            : $"{design}, so no difference of any size could be called better or worse: that takes {SeedsNeeded(comparisons)} seeds.";
    }

    /// <summary>The same where every comparison has as many paired seeds.</summary>
    public static string Describe(int pairs, int comparisons) =>
        Describe(pairs, comparisons, SmallestPValues([.. Enumerable.Repeat(pairs, comparisons)]).Append(0).Max());

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
