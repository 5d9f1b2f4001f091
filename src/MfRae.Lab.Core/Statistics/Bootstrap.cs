using MathNet.Numerics.Distributions;

namespace MfRae.Lab.Core.Statistics;

/// <summary>
/// Expanded percentile interval of a mean over resamples with replacement. Plain percentiles are too narrow: resamples of n values vary less
/// than samples do, and the percentiles ignore the uncertainty of the spread. The tails are therefore widened by the ratio of Student's t to
/// the normal distribution (T. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015, §4.3).
/// With few values no percentile is wide enough: with two, the interval ends at the two values and contains the mean half of the time.
/// </summary>
public static class Bootstrap
{
    /// <summary>
    /// Up to this many values all resamples are enumerated, so the result is not random. Resamples with the same values in another order
    /// have the same mean and are visited together: 6,435 of the 8⁸ resamples of eight values.
    /// </summary>
    public const int LargestExact = 8;

    /// <summary>With fewer values the interval contains the mean less often than its level states.</summary>
    public const int FewestValues = 6;

    private const int Draws = 20_000;

    /// <summary>The interval for a mean at <paramref name="level"/>; the same values and seed give the same interval.</summary>
    public static Interval OfMean(IReadOnlyList<double> values, double level = 0.95, long seed = 0)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("an interval requires at least one value", nameof(values));
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
        : Normal.CDF(0, 1, -Math.Sqrt(count / (count - 1d)) * StudentT.InvCDF(0, 1, count - 1, 1 - tail));

    /// <summary>The means of all resamples in ascending order, each with the number of resamples up to and including it.</summary>
    private static List<(double Mean, long Through)> Enumerate(IReadOnlyList<double> values)
    {
        var means = new List<(double Mean, long Times)>();
        Choose(0, values.Count, 0, 1);
        means.Sort();
        var through = 0L;
        return means.ConvertAll(mean => (mean.Mean, through += mean.Times));

        // Chooses how often each value from a place on is drawn, in the draws that are left.
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

    /// <summary>A quantile of values in ascending order, interpolated linearly.</summary>
    /// <param name="fraction">From 0, the smallest value, to 1, the largest.</param>
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
