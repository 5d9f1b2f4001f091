namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Crops an image of any size to a square as ADM does for its reference statistics (github.com/openai/guided-diffusion): halved while
/// the shorter side is at least twice too long, then resized bicubically until it fits, and cut from the middle.
/// </summary>
public static class CentreCrop
{
    /// <summary>side · side · 3 bytes, by rows.</summary>
    public static RgbImage Apply(RgbImage image, int side)
    {
        while (Math.Min(image.Width, image.Height) >= 2 * side)
        {
            image = Resize(
                image, PixelFilter.Box(image.Width, image.Width / 2), PixelFilter.Box(image.Height, image.Height / 2));
        }

        var scale = (double)side / Math.Min(image.Width, image.Height);
        var (width, height) = ((int)Math.Round(image.Width * scale), (int)Math.Round(image.Height * scale));
        image = Resize(image, PixelFilter.Bicubic(image.Width, width), PixelFilter.Bicubic(image.Height, height));
        return Cut(image, (image.Width - side) / 2, (image.Height - side) / 2, side);
    }

    // Columns first, as Pillow; a direction that keeps its size is left alone.
    private static RgbImage Resize(RgbImage image, PixelFilter columns, PixelFilter rows)
    {
        const int channels = RgbImage.Channels;
        if (columns.Length != image.Width)
        {
            var values = new byte[columns.Length * image.Height * channels];
            for (int y = 0, to = 0; y < image.Height; y++)
            {
                for (var x = 0; x < columns.Length; x++)
                {
                    for (var channel = 0; channel < channels; channel++)
                        values[to++] = columns.Apply(image.Values, (y * image.Width * channels) + channel, channels, x);
                }
            }

            image = new(columns.Length, image.Height, values);
        }

        if (rows.Length != image.Height)
        {
            var stride = image.Width * channels;
            var values = new byte[rows.Length * stride];
            for (int y = 0, to = 0; y < rows.Length; y++)
            {
                for (var x = 0; x < stride; x++)
                    values[to++] = rows.Apply(image.Values, x, stride, y);
            }

            image = new(image.Width, rows.Length, values);
        }

        return image;
    }

    private static RgbImage Cut(RgbImage image, int left, int top, int side)
    {
        const int channels = RgbImage.Channels;
        var values = new byte[side * side * channels];
        for (var y = 0; y < side; y++)
        {
            image.Values.AsSpan((((top + y) * image.Width) + left) * channels, side * channels)
                .CopyTo(values.AsSpan(y * side * channels));
        }

        return new(side, side, values);
    }
}

/// <summary>
/// Weights of a one-dimensional resampling by a kernel that is stretched when the image shrinks, in the fixed-point arithmetic of
/// Pillow. The bytes equal those that the released code trains on.
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

    /// <summary>The mean of the input pixels that an output pixel covers: Pillow's BOX.</summary>
    public static PixelFilter Box(int from, int to) => new(from, to, 0.5, x => x is > -0.5 and <= 0.5 ? 1 : 0);

    /// <summary>Keys' cubic with a = -0.5: Pillow's BICUBIC.</summary>
    public static PixelFilter Bicubic(int from, int to) => new(from, to, 2, x =>
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? (((((a + 2) * x) - (a + 3)) * x * x) + 1) : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a) : 0;
    });

    /// <summary>
    /// Output value <paramref name="index"/> of a line whose values lie <paramref name="step"/> apart from <paramref name="start"/> on.
    /// </summary>
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
