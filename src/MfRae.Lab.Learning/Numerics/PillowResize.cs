using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

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

    /// <summary>What it does to images of a size, in words that are stored with numbers.</summary>
    /// <param name="side">0 where images stay as they are.</param>
    public static string Text(long rows, long columns, long side) => side == 0 || (rows == side && columns == side)
        ? FormattableString.Invariant($"{rows}x{columns}")
        : FormattableString.Invariant($"bicubic with antialias to {side}x{side} uint8");

    private static Tensor Matrix(long from, long to, Tensor like) =>
        Resampling.BicubicAntialiased(from, to).to(float32).to(like.device);

    // Half is rounded up, as by Pillow's integers.
    private static Tensor Bytes(Tensor values) => values.add_(0.5).floor_().clamp_(0, 255);
}
