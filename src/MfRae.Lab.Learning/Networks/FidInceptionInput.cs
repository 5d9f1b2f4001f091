using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The two ways in which images reach FID's network. They move FID by more than many improvements do, so a number must say which one
/// it was computed with.
/// </summary>
public static class FidInceptionInput
{
    /// <summary>
    /// As pytorch-fid: images uint8 [B, 3, H, W] → [0, 1], bilinear with half-pixel centres and without antialias, → [-1, 1],
    /// [B, 3, 299, 299].
    /// </summary>
    public static Tensor PytorchFid(Tensor images, ScalarType type = ScalarType.Float32) =>
        Resize(images.to(type) / 255, Resampling.Bilinear).mul_(2).sub_(1);

    /// <summary>
    /// As the TensorFlow 1 graph (ADM's evaluator, torch-fidelity): images uint8 [B, 3, H, W], bilinear with sample 0 on sample 0,
    /// (x - 128) / 128, [B, 3, 299, 299].
    /// </summary>
    public static Tensor TensorFlow(Tensor images, ScalarType type = ScalarType.Float32) =>
        Resize(images.to(type), Resampling.BilinearCorner).sub_(128).div_(128);

    private static Tensor Resize(Tensor images, Func<long, long, Tensor> matrix) => Resampling.Apply(
        images, matrix(images.shape[2], FidInception.ImageSide), matrix(images.shape[3], FidInception.ImageSide));
}
