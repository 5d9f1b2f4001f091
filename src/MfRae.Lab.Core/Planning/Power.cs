namespace MfRae.Lab.Core.Planning;

/// <summary>What a number of paired seeds can show at best.</summary>
public static class Power
{
    /// <summary>
    /// The smallest two-sided p of the sign-flip test: of the 2^n ways to flip the signs of n differences, the observed
    /// one and its mirror image are always as extreme as the observed one.
    /// </summary>
    public static double SmallestP(int pairs) => Math.Min(1, Math.ScaleB(2, -pairs));

    /// <summary>The fewest pairs whose smallest p lies below a level.</summary>
    public static int PairsFor(double level)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(level);
        int pairs = 1;
        while (SmallestP(pairs) >= level)
        {
            pairs++;
        }

        return pairs;
    }

    /// <summary>A sentence for a plan: what these seeds can reach, and how many would do.</summary>
    /// <param name="comparisons">Arms that are compared with the baseline.</param>
    public static string Describe(int pairs, int comparisons, double level = 0.05)
    {
        if (comparisons < 1)
        {
            return "one arm: nothing is compared";
        }

        double smallest = SmallestP(pairs);
        int needed = PairsFor(level);
        // Holm holds the smallest of m p-values against level / m.
        int neededHolm = PairsFor(level / comparisons);
        string have = FormattableString.Invariant(
            $"{pairs} paired seed{(pairs == 1 ? "" : "s")}: the sign-flip test's smallest two-sided p is 2/2^{pairs} = {smallest:0.######}");
        string one = smallest < level
            ? FormattableString.Invariant($"p < {level} can be reached")
            : FormattableString.Invariant($"p < {level} cannot be reached ({needed - 1} seeds never can, {needed} can)");
        string all = comparisons == 1 ? "" : FormattableString.Invariant($"; after Holm over {comparisons} arms it takes {neededHolm} seeds");
        return $"{have}; {one}{all}";
    }
}
