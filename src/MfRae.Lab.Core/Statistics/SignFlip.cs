namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Two-sided permutation test of paired differences: if the arms did not differ, each difference were as likely with the
/// other sign. The statistic is the absolute mean.
/// </summary>
public static class SignFlip
{
    /// <summary>Up to this many pairs every assignment of signs is visited.</summary>
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

    /// <summary>The smallest value the test can give for so many pairs: 2 / 2ⁿ, so .0625 for five pairs and .03125 for six.</summary>
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
