using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Batches of normalised training latents with their labels.</summary>
public sealed class LatentBatches(TensorFile file, int batchSize, RandomSource random, Device device) : ILatentSource
{
    private readonly Tensor _latents = file["latents"];
    private readonly Tensor _labels = file["labels"];
    private readonly BatchOrder _order = new(file["latents"].shape[0], batchSize, random);

    public int BatchSize { get; } = batchSize;

    public LatentShape Shape { get; } = new(file["latents"].shape[1], file["latents"].shape[2], file["latents"].shape[3]);

    public int Classes { get; } = (int)file["labels"].max().item<long>() + 1;

    public RandomSource Random { get; } = random;

    public Device Device { get; } = device;

    public (Tensor X, Tensor Labels) Draw(long step)
    {
        var indices = _order.Indices(step);
        return (_latents.index_select(0, indices).to(Device), _labels.index_select(0, indices).to(Device));
    }
}
