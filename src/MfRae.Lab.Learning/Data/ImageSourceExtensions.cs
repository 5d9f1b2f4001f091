using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Images as the networks see them.</summary>
public static class ImageSourceExtensions
{
    /// <summary>indices int64 [B] → float32 [B, C, H, W] in [-1, 1], on the device.</summary>
    public static Tensor Pixels(this IImageSource images, Tensor indices, Device device) =>
        LabeledImages.ToUnit(images.Bytes(indices)).to(device);
}
