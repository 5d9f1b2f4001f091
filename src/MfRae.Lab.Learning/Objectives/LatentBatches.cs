using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Batches of normalised training latents with their labels.</summary>
public sealed class LatentBatches : ILatentSource
{
    private readonly Tensor _latents;
    private readonly Tensor _labels;
    private readonly BatchOrder _order;

    public LatentBatches(TensorFile file, int batchSize, RandomSource random, Device device)
    {
        using var scope = NewDisposeScope();
        _latents = file["latents"].DetachFromDisposeScope();
        _labels = file["labels"].DetachFromDisposeScope();
        _order = new(_latents.shape[0], batchSize, random);
        BatchSize = batchSize;
        Shape = new(_latents.shape[1], _latents.shape[2], _latents.shape[3]);
        Classes = (int)_labels.max().item<long>() + 1;
        Random = random;
        Device = device;
    }

    public int BatchSize { get; }

    public LatentShape Shape { get; }

    public int Classes { get; }

    public RandomSource Random { get; }

    public Device Device { get; }

    public (Tensor X, Tensor Labels) Draw(long step)
    {
        var indices = _order.Indices(step);
        return (_latents.index_select(0, indices).to(Device), _labels.index_select(0, indices).to(Device));
    }

    public void Dispose()
    {
        _order.Dispose();
        _latents.Dispose();
        _labels.Dispose();
    }
}
