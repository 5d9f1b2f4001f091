namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Weights of a one-dimensional resampling by a kernel that is stretched when it shrinks, in the fixed-point arithmetic of Pillow, so
/// that the bytes are those that the released code trains on.
/// </summary>
internal sealed class PixelFilter
{
    private const int FractionBits = 32 - 8 - 2;

    private readonly int[] _firsts;
    private readonly int[][] _weights;

    /// <param name="kernel">Zero from <paramref name="support"/> on.</param>
    private PixelFilter(int from, int to, double support, Func<double, double> kernel)
    {
        _firsts = new int[to];
        _weights = new int[to][];
        var scale = (double)from / to;
        var stretch = Math.Max(scale, 1);
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max(0, (int)(centre - (support * stretch) + 0.5));
            var last = Math.Min(from, (int)(centre + (support * stretch) + 0.5));
            var weights = Enumerable.Range(first, last - first).Select(k => kernel((k - centre + 0.5) / stretch)).ToArray();
            var sum = weights.Sum();
            _firsts[i] = first;
            _weights[i] = [.. weights.Select(weight => (int)Math.Round(weight / sum * (1 << FractionBits), MidpointRounding.AwayFromZero))];
        }
    }

    public int Length => _firsts.Length;

    /// <summary>The mean of what falls into a pixel: Pillow's BOX.</summary>
    public static PixelFilter Box(int from, int to) => new(from, to, 0.5, x => x is > -0.5 and <= 0.5 ? 1 : 0);

    /// <summary>Keys' cubic with a = -0.5: Pillow's BICUBIC.</summary>
    public static PixelFilter Bicubic(int from, int to) => new(from, to, 2, x =>
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? (((((a + 2) * x) - (a + 3)) * x * x) + 1) : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a) : 0;
    });

    /// <summary>Value <paramref name="index"/> of a line that starts at <paramref name="start"/> and goes on in steps.</summary>
    public byte Apply(ReadOnlySpan<byte> values, int start, int step, int index)
    {
        var sum = 1L << (FractionBits - 1);
        var at = start + (_firsts[index] * step);
        foreach (var weight in _weights[index])
        {
            sum += (long)weight * values[at];
            at += step;
        }

        return (byte)Math.Clamp(sum >> FractionBits, 0, 255);
    }
}
