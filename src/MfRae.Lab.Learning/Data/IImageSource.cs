using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Images with their classes, in memory or decoded on demand.</summary>
public interface IImageSource : IDisposable
{
    /// <summary>The number of images.</summary>
    long Count { get; }

    /// <summary>The number of classes; 0 without classes.</summary>
    long Classes { get; }

    /// <summary>The shape of every image.</summary>
    ImageShape Shape { get; }

    /// <summary>int64 [N].</summary>
    Tensor Labels { get; }

    /// <summary>Whether training mirrors an image with probability one half each time it is drawn.</summary>
    bool Flip { get; }

    /// <summary>indices int64 [B] on the CPU → uint8 [B, C, H, W] on the CPU.</summary>
    /// <exception cref="MfRae.Lab.Core.LabException">A file is not a complete image.</exception>
    Tensor Bytes(Tensor indices);

    /// <summary>Announces the next batch after those announced before, so that decoding may begin.</summary>
    void Prepare(Tensor indices);
}

/// <summary>Images in the form that networks take.</summary>
public static class ImageSourceExtensions
{
    /// <summary>
    /// Evenly spaced rows, at most <paramref name="most"/>, int64 [N]. In a folder that is the same share of every class.
    /// </summary>
    public static Tensor EvenRows(this IImageSource images, long most)
    {
        var count = Math.Min(most, images.Count);
        return arange(count, dtype: int64).mul(images.Count).floor_divide(count);
    }

    /// <summary>indices int64 [B] → float32 [B, C, H, W] in [-1, 1], on the device.</summary>
    public static Tensor Pixels(this IImageSource images, Tensor indices, Device device) =>
        LabeledImages.ToUnit(images.Bytes(indices).Upload(device));
}

/// <summary>The shape of an image: <paramref name="Channels"/> is 1 for grey and 3 for colour.</summary>
public sealed record ImageShape(long Channels, long Rows, long Columns)
{
    // The pixels of thirty images of 256×256: enough to occupy a GPU, and they fit into its memory.
    private const long MostPixels = 2_000_000;

    /// <summary>The shape of images of MNIST, Fashion-MNIST and similar datasets.</summary>
    public static ImageShape Mnist { get; } = new(1, 28, 28);

    /// <summary>The batch size for a network: <paramref name="most"/> for small images, fewer for large ones.</summary>
    public long Batch(long most) => Math.Clamp(MostPixels / (Rows * Columns), 1, most);

    /// <summary>CxHxW, as 3x256x256.</summary>
    public override string ToString() => FormattableString.Invariant($"{Channels}x{Rows}x{Columns}");
}

/// <summary>Images with their classes, in memory.</summary>
/// <param name="Images">uint8 [N, C, H, W].</param>
/// <param name="Labels">int64 [N].</param>
public sealed record LabeledImages(Tensor Images, Tensor Labels) : IImageSource
{
    /// <inheritdoc/>
    public long Count => Images.shape[0];

    /// <summary>Number of classes: one more than the largest label.</summary>
    public long Classes => Labels.max().item<long>() + 1;

    /// <inheritdoc/>
    public ImageShape Shape => new(Images.shape[1], Images.shape[2], Images.shape[3]);

    /// <inheritdoc/>
    public bool Flip => false;

    /// <summary>Grey images from pixels, row by row and image after image, with one label an image.</summary>
    public static LabeledImages Create(ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> labels, long height, long width)
    {
        var wide = new long[labels.Length];
        for (var i = 0; i < wide.Length; i++)
            wide[i] = labels[i];
        return new(tensor(pixels.ToArray(), [labels.Length, 1, height, width], dtype: uint8), tensor(wide, dtype: int64));
    }

    /// <inheritdoc/>
    public Tensor Bytes(Tensor indices) => Images.index_select(0, indices);

    /// <inheritdoc/>
    public void Prepare(Tensor indices)
    {
        // All images are in memory.
    }

    /// <summary>uint8 → float32 in [-1, 1], with the same bits on every device: a GPU would multiply by the inverse of a number.</summary>
    public static Tensor ToUnit(Tensor images)
    {
        using var half = full([], 127.5, dtype: float32, device: images.device);
        return images.to(float32).div_(half).sub_(1);
    }

    /// <summary>[-1, 1] → uint8, rounded to the nearest value, or truncated as in the released code (docs/method.md §4, I).</summary>
    /// <exception cref="DivergedException">A pixel is NaN or infinite.</exception>
    public static Tensor ToBytes(Tensor pixels, bool truncated = false)
    {
        var levels = Finite.Require(pixels, "the decoded images").add(1).mul_(127.5);
        return (truncated ? levels : levels.round_()).clamp_(0, 255).to(uint8);
    }

    /// <summary>Writes images and labels to a safetensors file.</summary>
    public void Save(string path) => Safetensors.Write(path, [("images", Images), ("labels", Labels)]);

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    public static LabeledImages Load(string path)
    {
        var file = Safetensors.Read(path);
        return new(file["images"], file["labels"]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}

/// <summary>Grey images from colour images whose three channels are equal: the red channel.</summary>
/// <param name="name">The name of an image, for messages.</param>
internal sealed class GreyImages(IImageSource colours, Func<long, string> name) : IImageSource
{
    // WebP decodes a grey image with green one level lower in some pixels.
    private const int Rounding = 1;

    public long Count => colours.Count;

    public long Classes => colours.Classes;

    public ImageShape Shape => colours.Shape with { Channels = 1 };

    public Tensor Labels => colours.Labels;

    public bool Flip => colours.Flip;

    /// <exception cref="LabException">An image has colours.</exception>
    public Tensor Bytes(Tensor indices)
    {
        var bytes = colours.Bytes(indices);
        var first = bytes.narrow(1, 0, 1);
        var coloured = bytes.to(int16).sub_(first).abs_().gt(Rounding).flatten(1).any(1);
        if (coloured.any().item<bool>())
        {
            throw new LabException($"{name(indices[coloured.to(uint8).argmax(0)].item<long>())} has colours, and the feature network takes "
            + "grey images only: choose another network with --features");
        }

        return first.contiguous();
    }

    public void Prepare(Tensor indices) => colours.Prepare(indices);

    public void Dispose() => colours.Dispose();
}
