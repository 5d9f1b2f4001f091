using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Batches of training images as a function of the step; the next one is announced to the source.</summary>
public sealed class ImageBatches(IImageSource images, int batchSize, RandomSource random) : IDisposable
{
    private readonly BatchOrder _order = new(images.Count, batchSize, random);

    /// <summary>Pixels float32 [B, C, H, W] in [-1, 1], mirrored where the source says so, and labels int64 [B], on the device.</summary>
    public (Tensor Pixels, Tensor Labels) Draw(long step, Device device)
    {
        var indices = _order.Indices(step).clone();
        var bytes = images.Bytes(indices);
        images.Prepare(_order.Indices(step + 1));
        if (images.Flip)
        {
            var mirrored = random.Uniform("mirrored", step, batchSize).cpu() < 0.5;
            bytes = where(mirrored.view(-1, 1, 1, 1), bytes.flip(3), bytes);
        }

        return (LabeledImages.ToUnit(bytes).to(device), images.Labels.index_select(0, indices).to(device));
    }

    public void Dispose() => _order.Dispose();
}
