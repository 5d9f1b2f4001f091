using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// Separable image resizing by explicit weight matrices [to, from], computed in float64, so that a result does not depend on the
/// interpolation code of a framework version. Pixel centres lie at half-integers unless a method states otherwise.
/// </summary>
public static class Resampling
{
    /// <summary>Keys' cubic with a = -0.75 over the four nearest samples, also when shrinking; the border sample is repeated.</summary>
    /// <param name="step">The distance between output samples in input samples; null: from / to.</param>
    public static Tensor Bicubic(long from, long to, double? step = null) => Weigh(from, to, (i, row) =>
    {
        var centre = step is { } given ? ((i + 0.5) * given) - 0.5 : Centre(i, from, to);
        var first = (long)Math.Floor(centre) - 1;
        for (var k = first; k < first + 4; k++)
            row[Math.Clamp(k, 0, from - 1)] += Cubic(centre - k, -0.75);
    });

    /// <summary>
    /// Keys' cubic with a = -0.5, stretched by the ratio when shrinking so that every sample counts; weights outside the image are
    /// dropped and the rest made to sum to 1.
    /// </summary>
    public static Tensor BicubicAntialiased(long from, long to)
    {
        var stretch = Math.Max(1, (double)from / to);
        return Weigh(from, to, (i, row) =>
        {
            var centre = Centre(i, from, to);
            var sum = 0.0;
            // The window ends at whole samples as in Pillow, which omits samples with weights at or near zero.
            var first = Math.Max(0, (long)(centre + 0.5 - (2 * stretch) + 0.5));
            var last = Math.Min(from, (long)(centre + 0.5 + (2 * stretch) + 0.5));
            for (var k = first; k < last; k++)
                sum += row[k] = Cubic((k - centre) / stretch, -0.5);
            for (var k = first; k < last; k++)
                row[k] /= sum;
        });
    }

    /// <summary>The two nearest samples, also when shrinking; the border sample is repeated.</summary>
    public static Tensor Bilinear(long from, long to) => Weigh(from, to, (i, row) => Linear(row, Math.Max(0, Centre(i, from, to))));

    /// <summary>
    /// As <see cref="Bilinear"/> with sample 0 on sample 0 instead of half-pixel centres, as in the TensorFlow 1 graph of FID, which rounds
    /// positions to float32.
    /// </summary>
    public static Tensor BilinearCorner(long from, long to)
    {
        var ratio = (float)from / to;
        return Weigh(from, to, (i, row) => Linear(row, i * ratio));
    }

    /// <summary>Blur by a Gaussian of a deviation in samples, [length, length]; weights outside are dropped and the rest sum to 1.</summary>
    public static Tensor Gaussian(long length, double deviation) => Weigh(length, length, (i, row) =>
    {
        var sum = 0.0;
        for (var k = 0; k < row.Length; k++)
            sum += row[k] = Math.Exp(-0.5 * (i - k) * (i - k) / (deviation * deviation));
        for (var k = 0; k < row.Length; k++)
            row[k] /= sum;
    });

    /// <summary>x [..., H, W], rows [H', H], columns [W', W] → [..., H', W'], in the type and on the device of x.</summary>
    public static Tensor Apply(Tensor x, Tensor rows, Tensor columns) =>
        rows.to(x.dtype).to(x.device).matmul(x).matmul(columns.to(x.dtype).to(x.device).t());

    // The position of the centre of output sample i among the input samples.
    private static double Centre(long i, long from, long to) => ((i + 0.5) * from / to) - 0.5;

    // |x| < 1: (a+2)|x|³ - (a+3)x² + 1; |x| < 2: a|x|³ - 5a x² + 8a|x| - 4a.
    private static double Cubic(double x, double a)
    {
        x = Math.Abs(x);
        return x < 1 ? (((((a + 2) * x) - (a + 3)) * x * x) + 1)
            : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a)
            : 0;
    }

    private static void Linear(double[] row, double position)
    {
        var first = Math.Min((int)position, row.Length - 1);
        var fraction = position - first;
        row[first] += 1 - fraction;
        row[Math.Min(first + 1, row.Length - 1)] += fraction;
    }

    private static Tensor Weigh(long from, long to, Action<long, double[]> fill)
    {
        var weights = new double[to * from];
        var row = new double[from];
        for (var i = 0L; i < to; i++)
        {
            Array.Clear(row);
            fill(i, row);
            row.CopyTo(weights, i * from);
        }
        return tensor(weights, [to, from]);
    }
}

/// <summary>Pillow's bicubic resizing of bytes on any device: columns, then rows, each rounded to bytes.</summary>
internal static class PillowResize
{
    /// <summary>uint8 [B, C, H, W] → whole numbers from 0 to 255 in float32 [B, C, side, side].</summary>
    public static Tensor Apply(Tensor images, long side)
    {
        var values = images.to(float32);
        if (images.shape[3] != side)
            values = Bytes(values.matmul(Matrix(images.shape[3], side, values).t()));
        return images.shape[2] == side ? values : Bytes(Matrix(images.shape[2], side, values).matmul(values));
    }

    /// <summary>The resizing of images of a size, in words that are stored with numbers.</summary>
    /// <param name="side">0: no resizing.</param>
    public static string Text(long rows, long columns, long side) => side == 0 || (rows == side && columns == side)
        ? FormattableString.Invariant($"{rows}x{columns}")
        : FormattableString.Invariant($"bicubic with antialias to {side}x{side} uint8");

    private static Tensor Matrix(long from, long to, Tensor like) =>
        Resampling.BicubicAntialiased(from, to).to(float32).to(like.device);

    // Halves are rounded up, as in Pillow's integer arithmetic.
    private static Tensor Bytes(Tensor values) => values.add_(0.5).floor_().clamp_(0, 255);
}
