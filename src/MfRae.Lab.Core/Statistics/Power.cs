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
}
