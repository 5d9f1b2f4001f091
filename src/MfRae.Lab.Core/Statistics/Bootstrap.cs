namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Expanded percentile interval of a mean over resamples with replacement: resamples of n values spread less than samples do, and their
/// quantiles know nothing of the uncertainty of the spread, so the quantiles are taken further out, as far as Student's t lies outside of
/// the normal distribution (T. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015, §4.3).
/// Of few values no quantile is far enough: with two the interval is that of the two values, which holds the mean half of the time.
/// </summary>
public static class Bootstrap
{
    /// <summary>Up to this many values every resample is visited (6⁶ = 46,656), so no randomness is left.</summary>
    public const int LargestExact = 6;

    private const int Draws = 20_000;

    /// <summary>The interval for a mean at <paramref name="level"/>; the same values and seed give the same interval.</summary>
    public static Interval OfMean(IReadOnlyList<double> values, double level = 0.95, long seed = 0)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("an interval needs at least one value", nameof(values));
        }

        var means = values.Count <= LargestExact ? Enumerate(values) : Draw(values, seed);
        Array.Sort(means);
        var tail = Tail((1 - level) / 2, values.Count);
        return new(Quantile(means, tail), Quantile(means, 1 - tail));
    }

    private static double Tail(double tail, int count) => count < 2
        ? tail
        : Distributions.NormalCdf(-Math.Sqrt(count / (count - 1d)) * Distributions.StudentQuantile(tail, count - 1));

    private static double[] Enumerate(IReadOnlyList<double> values)
    {
        var n = values.Count;
        var means = new double[(int)Math.Round(Math.Pow(n, n))];
        for (var code = 0; code < means.Length; code++)
        {
            var sum = 0d;
            for (int place = 0, rest = code; place < n; place++, rest /= n)
            {
                sum += values[rest % n];
            }

            means[code] = sum / n;
        }

        return means;
    }

    private static double[] Draw(IReadOnlyList<double> values, long seed)
    {
        var random = new SplitMix((ulong)Seed.For(seed, "bootstrap"));
        var means = new double[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            var sum = 0d;
            for (var place = 0; place < values.Count; place++)
            {
                sum += values[random.Below(values.Count)];
            }

            means[draw] = sum / values.Count;
        }

        return means;
    }

    /// <summary>Of values in ascending order, interpolated between the two that a fraction falls between.</summary>
    public static double Quantile(double[] sorted, double fraction)
    {
        var at = fraction * (sorted.Length - 1);
        var below = (int)at;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
