namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Expanded percentile interval of a mean over resamples with replacement: resamples of n values spread less than samples do, and their
/// quantiles know nothing of the uncertainty of the spread, so the quantiles are taken further out, as far as Student's t lies outside of
/// the normal distribution (T. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015, §4.3).
/// Of few values no quantile is far enough: with two the interval is that of the two values, which holds the mean half of the time.
/// </summary>
public static class Bootstrap
{
    /// <summary>
    /// Up to this many values every resample is visited, so no randomness is left. Those of the same values in another order have the
    /// same mean and are visited together: of the 8⁸ resamples of eight values 6,435.
    /// </summary>
    public const int LargestExact = 8;

    /// <summary>Of fewer values the interval holds the mean less often than it says.</summary>
    public const int FewestValues = 6;

    private const int Draws = 20_000;

    /// <summary>The interval for a mean at <paramref name="level"/>; the same values and seed give the same interval.</summary>
    public static Interval OfMean(IReadOnlyList<double> values, double level = 0.95, long seed = 0)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("an interval needs at least one value", nameof(values));
        }

        var tail = Tail((1 - level) / 2, values.Count);
        if (values.Count <= LargestExact)
        {
            var all = Enumerate(values);
            return new(Quantile(all, tail), Quantile(all, 1 - tail));
        }

        var means = Draw(values, seed);
        Array.Sort(means);
        return new(Quantile(means, tail), Quantile(means, 1 - tail));
    }

    private static double Tail(double tail, int count) => count < 2
        ? tail
        : ProbabilityDistributions.NormalCdf(-Math.Sqrt(count / (count - 1d)) * ProbabilityDistributions.StudentQuantile(tail, count - 1));

    /// <summary>The means of all resamples in ascending order, each with the number of resamples up to and with it.</summary>
    private static List<(double Mean, long Through)> Enumerate(IReadOnlyList<double> values)
    {
        var means = new List<(double Mean, long Times)>();
        Choose(0, values.Count, 0, 1);
        means.Sort();
        var through = 0L;
        return means.ConvertAll(mean => (mean.Mean, through += mean.Times));

        // How often the values from a place on are drawn, in so many draws that are left.
        void Choose(int place, int left, double sum, long orders)
        {
            if (place == values.Count - 1)
            {
                means.Add(((sum + (left * values[place])) / values.Count, orders));
                return;
            }

            var ways = 1L;
            for (var times = 0; times <= left; times++)
            {
                Choose(place + 1, left - times, sum + (times * values[place]), orders * ways);
                ways = ways * (left - times) / (times + 1);
            }
        }
    }

    private static double Quantile(List<(double Mean, long Through)> sorted, double fraction)
    {
        var at = fraction * (sorted[^1].Through - 1);
        var below = (long)at;
        double Value(long index) => sorted.First(mean => mean.Through > index).Mean;
        return Value(below) + ((at - below) * (Value(Math.Min(below + 1, sorted[^1].Through - 1)) - Value(below)));
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

/// <summary>The SplitMix64 generator: the same numbers from the same seed on every runtime and version.</summary>
internal sealed class SplitMix(ulong state)
{
    private ulong _state = state;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number below <paramref name="count"/>, by the high half of a 128-bit product.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);
}
