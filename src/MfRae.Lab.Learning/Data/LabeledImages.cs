using MfRae.Lab.Core.Execution;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Images with their classes, in memory.</summary>
/// <param name="Images">uint8 [N, C, H, W].</param>
/// <param name="Labels">int64 [N].</param>
public sealed record LabeledImages(Tensor Images, Tensor Labels) : IImageSource
{
    public long Count => Images.shape[0];

    /// <summary>Number of classes: one more than the largest label.</summary>
    public long Classes => Labels.max().item<long>() + 1;

    public ImageShape Shape => new(Images.shape[1], Images.shape[2], Images.shape[3]);

    public bool Flip => false;

    public static LabeledImages Create(ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> labels, long height, long width)
    {
        var wide = new long[labels.Length];
        for (var i = 0; i < wide.Length; i++)
            wide[i] = labels[i];
        return new(tensor(pixels.ToArray(), [labels.Length, 1, height, width], dtype: uint8), tensor(wide, dtype: int64));
    }

    public Tensor Bytes(Tensor indices) => Images.index_select(0, indices);

    public void Prepare(Tensor indices)
    {
        // They are all there.
    }

    /// <summary>uint8 → float32 in [-1, 1].</summary>
    public static Tensor ToUnit(Tensor images) => images.to(float32).div_(127.5).sub_(1);

    /// <summary>[-1, 1] → uint8, rounded to the nearest value.</summary>
    /// <exception cref="DivergedException">A pixel is NaN or infinite, which no byte can say.</exception>
    public static Tensor ToBytes(Tensor pixels) => Finite.Require(pixels, "the decoded images").add(1).mul_(127.5).round_().clamp_(0, 255).to(uint8);

    public void Save(string path) => Safetensors.Write(path, [("images", Images), ("labels", Labels)]);

    public static LabeledImages Load(string path)
    {
        var file = Safetensors.Read(path);
        return new(file["images"], file["labels"]);
    }

    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
