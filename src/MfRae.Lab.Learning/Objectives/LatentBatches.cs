using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Batches of normalised training latents with their labels.</summary>
public sealed class LatentBatches(TensorFile file, int batchSize, RandomSource random, Device device)
{
    private readonly Tensor _latents = file["latents"];
    private readonly Tensor _labels = file["labels"];
    private readonly BatchOrder _order = new(file["latents"].shape[0], batchSize, random);

    public int BatchSize { get; } = batchSize;

    public LatentShape Shape { get; } = new(file["latents"].shape[1], file["latents"].shape[2], file["latents"].shape[3]);

    public int Classes { get; } = (int)file["labels"].max().item<long>() + 1;

    public RandomSource Random { get; } = random;

    public Device Device { get; } = device;

    /// <summary>x [B, C, H, W] and y int64 [B], with <paramref name="labelDropout"/> of the labels replaced by the null label.</summary>
    public (Tensor X, Tensor Y) Draw(long step, double labelDropout)
    {
        var indices = _order.Indices(step);
        var labels = _labels.index_select(0, indices).to(Device);
        return (_latents.index_select(0, indices).to(Device), Drop(labels, labelDropout, "label dropout", step));
    }

    /// <summary>Replaces a share of the labels by the null label.</summary>
    public Tensor Drop(Tensor labels, double share, string purpose, long step) => share > 0
        ? where(Random.Uniform(purpose, step, labels.shape[0]) < share, full_like(labels, Classes), labels)
        : labels;

    /// <summary>ε [B, C, H, W].</summary>
    public Tensor Noise(long step, long batch) => Random.Normal("noise", step, batch, Shape.Channels, Shape.Rows, Shape.Columns);
}
