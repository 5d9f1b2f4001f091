namespace MfRae.Lab.Core.Statistics;

/// <summary>Quantiles of resampled values.</summary>
public static class Bootstrap
{
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
