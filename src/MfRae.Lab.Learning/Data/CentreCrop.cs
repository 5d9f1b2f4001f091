using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Crops an image of any size to a square as ADM does for its reference statistics (github.com/openai/guided-diffusion): halved while
/// the shorter side is at least twice too long, then resized bicubically until it fits, and cut from the middle.
/// </summary>
internal static class CentreCrop
{
    /// <summary>Writes the square as planes [3, side, side].</summary>
    public static void Apply(PixelBuffer image, int side, Span<byte> planes)
    {
        var current = image;
        try
        {
            while (Math.Min(current.Width, current.Height) >= 2 * side)
            {
                using var columns = PixelFilter.Box(current.Width, current.Width / 2);
                using var rows = PixelFilter.Box(current.Height, current.Height / 2);
                Replace(ref current, Resize(current, columns, rows), image);
            }

            var scale = (double)side / Math.Min(current.Width, current.Height);
            var (width, height) = ((int)Math.Round(current.Width * scale), (int)Math.Round(current.Height * scale));
            var (left, top) = ((width - side) / 2, (height - side) / 2);
            if (width == current.Width && height == current.Height)
            {
                current.CopyPlanes(left, top, side, side, planes);
                return;
            }

            // Only the pixels of the square are computed.
            using var across = PixelFilter.Bicubic(current.Width, width, left, side);
            using var down = PixelFilter.Bicubic(current.Height, height, top, side);
            Replace(ref current, Resize(current, across, down), image);
            current.CopyPlanes(0, 0, side, side, planes);
        }
        finally
        {
            Replace(ref current, image, image);
        }
    }

    private static void Replace(ref PixelBuffer current, PixelBuffer next, PixelBuffer kept)
    {
        if (current != kept)
            current.Dispose();
        current = next;
    }

    // Columns first, as Pillow. Pillow leaves out a direction that keeps its size, which has the same result as a filter of one weight.
    private static PixelBuffer Resize(PixelBuffer image, PixelFilter columns, PixelFilter rows)
    {
        using var narrow = new PixelBuffer(columns.Length, image.Height);
        for (var y = rows.First; y < rows.End; y++)
            columns.Apply(Row(image, y), PixelBuffer.BytesPerPixel, MemoryMarshal.Cast<byte, uint>(Row(narrow, y)));

        var resized = new PixelBuffer(narrow.Width, rows.Length);
        for (var y = 0; y < rows.Length; y++)
            rows.ApplyAt(y, narrow.Bytes, narrow.Width, MemoryMarshal.Cast<byte, uint>(Row(resized, y)));
        return resized;
    }

    private static Span<byte> Row(PixelBuffer image, int y) =>
        image.Bytes.Slice(y * image.Width * PixelBuffer.BytesPerPixel, image.Width * PixelBuffer.BytesPerPixel);
}

/// <summary>
/// Weights of a one-dimensional resampling by a kernel that is stretched when the image shrinks, in the fixed-point arithmetic of
/// Pillow. The bytes equal those that the released code trains on.
/// </summary>
internal sealed class PixelFilter : IDisposable
{
    private const int FractionBits = 32 - 8 - 2;

    private readonly int[] _firsts;
    private readonly int[] _ends;
    private readonly int[] _weights;
    private readonly int _stride;

    /// <param name="from">The length of the input.</param>
    /// <param name="to">The length of the whole output.</param>
    /// <param name="start">The first value of the output that is needed.</param>
    /// <param name="length">The number of values of the output that are needed.</param>
    /// <param name="kernel">Zero from <paramref name="support"/> on.</param>
    private PixelFilter(int from, int to, int start, int length, double support, Func<double, double> kernel)
    {
        Length = length;
        var scale = (double)from / to;
        var stretch = Math.Max(scale, 1);
        _stride = (int)Math.Ceiling(2 * support * stretch) + 1;
        _firsts = ArrayPool<int>.Shared.Rent(length);
        _ends = ArrayPool<int>.Shared.Rent(length);
        _weights = ArrayPool<int>.Shared.Rent(length * _stride);
        for (var i = 0; i < length; i++)
        {
            var centre = (start + i + 0.5) * scale;
            var first = Math.Max(0, (int)(centre - (support * stretch) + 0.5));
            var end = Math.Min(from, (int)(centre + (support * stretch) + 0.5));
            var sum = 0.0;
            for (var k = first; k < end; k++)
                sum += kernel((k - centre + 0.5) / stretch);
            for (var k = first; k < end; k++)
            {
                _weights[(i * _stride) + k - first] = (int)Math.Round(
                    kernel((k - centre + 0.5) / stretch) / sum * (1 << FractionBits), MidpointRounding.AwayFromZero);
            }

            (_firsts[i], _ends[i]) = (first, end);
        }
    }

    /// <summary>The number of output values.</summary>
    public int Length { get; }

    /// <summary>The first input value that an output value depends on.</summary>
    public int First => _firsts[0];

    /// <summary>The end of the input values that output values depend on.</summary>
    public int End => _ends[Length - 1];

    /// <summary>The mean of the input pixels that an output pixel covers: Pillow's BOX.</summary>
    public static PixelFilter Box(int from, int to) => new(from, to, 0, to, 0.5, static x => x is > -0.5 and <= 0.5 ? 1 : 0);

    /// <summary>Keys' cubic with a = -0.5: Pillow's BICUBIC, for a part of the output.</summary>
    public static PixelFilter Bicubic(int from, int to, int start, int length) => new(from, to, start, length, 2, static x =>
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? (((((a + 2) * x) - (a + 3)) * x * x) + 1) : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a) : 0;
    });

    /// <summary>Filters a line of pixels that lie <paramref name="step"/> bytes apart.</summary>
    public void Apply(ReadOnlySpan<byte> line, int step, Span<uint> output)
    {
        for (var i = 0; i < Length; i++)
            output[i] = Sum(line[(_firsts[i] * step)..], step, Weights(i));
    }

    /// <summary>Filters all columns of an image <paramref name="width"/> pixels wide, for one output row.</summary>
    public void ApplyAt(int index, ReadOnlySpan<byte> image, int width, Span<uint> output)
    {
        var step = width * PixelBuffer.BytesPerPixel;
        var weights = Weights(index);
        var rows = image[(_firsts[index] * step)..];
        for (var x = 0; x < width; x++)
            output[x] = Sum(rows[(x * PixelBuffer.BytesPerPixel)..], step, weights);
    }

    /// <summary>Returns the arrays to the pool.</summary>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_firsts);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<int>.Shared.Return(_weights);
    }

    private ReadOnlySpan<int> Weights(int index) => _weights.AsSpan(index * _stride, _ends[index] - _firsts[index]);

    // All channels of a pixel at once. A sum needs 31 bits: the weights' absolute values add up to less than 1.5.
    private static uint Sum(ReadOnlySpan<byte> pixels, int step, ReadOnlySpan<int> weights)
    {
        // Checks the range of the loop, which has no checks.
        _ = pixels[((weights.Length - 1) * step) + PixelBuffer.BytesPerPixel - 1];
        ref var first = ref MemoryMarshal.GetReference(pixels);
        var sum = Vector128.Create(1 << (FractionBits - 1));
        for (var k = 0; k < weights.Length; k++)
            sum += Widen(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, k * step))) * weights[k];

        var values = Vector128.Min(Vector128.Max(sum >> FractionBits, Vector128<int>.Zero), Vector128.Create((int)byte.MaxValue));
        var words = Vector128.Narrow(values, values).AsUInt16();
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    private static Vector128<int> Widen(uint pixel) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte())).AsInt32();
}
