namespace MfRae.Lab.Core.Statistics;

/// <summary>The normal distribution and Student's t, as far as intervals need them.</summary>
public static class ProbabilityDistributions
{
    /// <summary>Φ: the probability of a standard normal number at most <paramref name="z"/>.</summary>
    public static double NormalCdf(double z)
    {
        if (Math.Abs(z) > 8)
        {
            return z < 0 ? 0 : 1;
        }

        // Φ = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …), which has no cancellation.
        var (term, sum) = (z, z);
        for (var odd = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum); odd += 2)
        {
            term *= z * z / odd;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
    }

    /// <summary>The t that a number of Student's distribution exceeds with probability <paramref name="tail"/> in (0, ½).</summary>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    public static double StudentQuantile(double tail, int freedom)
    {
        var (low, high) = (0d, 1d);
        while (StudentTail(high, freedom) > tail)
        {
            (low, high) = (high, 2 * high);
        }

        for (var halving = 0; halving < 100; halving++)
        {
            var middle = (low + high) / 2;
            (low, high) = StudentTail(middle, freedom) > tail ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    /// <summary>
    /// P(T > t) for t ≥ 0 by the finite sums for whole degrees of freedom (M. Abramowitz and I. Stegun, Handbook of Mathematical
    /// Functions, 26.7.3 and 26.7.4).
    /// </summary>
    public static double StudentTail(double t, int freedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(freedom, 1);
        var angle = Math.Atan2(t, Math.Sqrt(freedom));
        var (sine, square) = (Math.Sin(angle), Math.Cos(angle) * Math.Cos(angle));
        var odd = freedom % 2 == 1;
        var term = odd ? Math.Cos(angle) : 1;
        var sum = freedom == 1 ? 0 : term;
        for (var i = odd ? 3 : 2; i <= freedom - 2; i += 2)
        {
            term *= square * (i - 1) / i;
            sum += term;
        }

        var within = odd ? 2 / Math.PI * (angle + (sine * sum)) : sine * sum;
        return (1 - within) / 2;
    }
}
