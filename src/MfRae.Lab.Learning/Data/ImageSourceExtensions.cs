using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Images as the networks see them.</summary>
public static class ImageSourceExtensions
{
    /// <summary>
    /// Rows at even distances, all where there are no more than <paramref name="most"/>: in a folder, of every class alike. int64 [N].
    /// </summary>
    public static Tensor EvenRows(this IImageSource images, long most)
    {
        var count = Math.Min(most, images.Count);
        return arange(count, dtype: int64).mul(images.Count).floor_divide(count);
    }

    /// <summary>indices int64 [B] → float32 [B, C, H, W] in [-1, 1], on the device.</summary>
    public static Tensor Pixels(this IImageSource images, Tensor indices, Device device) =>
        LabeledImages.ToUnit(images.Bytes(indices)).to(device);
}
