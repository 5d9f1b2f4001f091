using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>Fixed positions on a grid: sine-cosine embeddings and rotary angles (docs/method.md §2).</summary>
internal static class PositionEmbedding
{
    /// <summary>
    /// [1, rows · columns, width]: the first half of the channels encodes the column, the second the row; within a half
    /// sines, then cosines.
    /// </summary>
    public static Tensor SinCos(long rows, long columns, long width)
    {
        var omega = pow(10000, arange(width / 4, dtype: float64).div(-width / 4.0));
        Tensor Half(Tensor position)
        {
            var angle = outer(position, omega);
            return cat([angle.sin(), angle.cos()], 1);
        }
        var column = arange(columns, dtype: float64).repeat(rows);
        var row = arange(rows, dtype: float64).repeat_interleave(columns);
        return cat([Half(column), Half(row)], 1).to(float32).unsqueeze(0);
    }

    /// <summary>
    /// Rotary angles [rows · columns, headWidth]: the first half of the channels turns with the row, the second with the
    /// column; neighbours share a frequency.
    /// </summary>
    public static Tensor RotaryAngles(long rows, long columns, long headWidth)
    {
        var half = headWidth / 2;
        var frequency = pow(10000, arange(half / 2, dtype: float64).mul(-2.0 / half)).repeat_interleave(2);
        var row = arange(rows, dtype: float64).repeat_interleave(columns);
        var column = arange(columns, dtype: float64).repeat(rows);
        return cat([outer(row, frequency), outer(column, frequency)], 1);
    }

    /// <summary>Turns neighbouring channels (x0, x1) → (x0 cos - x1 sin, x1 cos + x0 sin); x [..., T, headWidth].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        long[] split = [.. x.shape[..^1], x.shape[^1] / 2, 2];
        var pairs = x.view(split).unbind(-1);
        var turned = stack([-pairs[1], pairs[0]], -1).view(x.shape);
        return addcmul(x * cos, turned, sin, 1);
    }

    private static Tensor pow(double b, Tensor exponent) => exp(exponent * Math.Log(b));
}
