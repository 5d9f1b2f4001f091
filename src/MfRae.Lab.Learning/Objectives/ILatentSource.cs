using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// The source of the training data of an objective: a file of latents, or a distribution. A batch is a function of the step.
/// </summary>
public interface ILatentSource : IDisposable
{
    /// <summary>Samples of a batch.</summary>
    int BatchSize { get; }

    /// <summary>The shape of a latent.</summary>
    LatentShape Shape { get; }

    /// <summary>Number of classes, which is also the null label.</summary>
    int Classes { get; }

    /// <summary>The random numbers that an objective needs in addition to the data.</summary>
    RandomSource Random { get; }

    /// <summary>The device of the batches.</summary>
    Device Device { get; }

    /// <summary>The batch of a step: x float32 [B, C, H, W] and its labels int64 [B].</summary>
    (Tensor X, Tensor Labels) Draw(long step);
}

/// <summary>Random draws for an objective, for the shape and the classes of its source.</summary>
public static class LatentSourceExtensions
{
    /// <summary>Replaces a share of the labels by the null label.</summary>
    public static Tensor Drop(this ILatentSource source, Tensor labels, double share, string purpose, long step) => share > 0
        ? where(source.Random.Uniform(purpose, step, labels.shape[0]) < share, full_like(labels, source.Classes), labels)
        : labels;

    /// <summary>The noise ε float32 [B, C, H, W].</summary>
    public static Tensor Noise(this ILatentSource source, long step, long batch) =>
        source.Random.Normal("noise", step, batch, source.Shape.Channels, source.Shape.Rows, source.Shape.Columns);
}

/// <summary>Batches of normalised training latents with their labels.</summary>
public sealed class LatentBatches : ILatentSource
{
    private readonly Tensor _latents;
    private readonly Tensor _labels;
    private readonly BatchOrder _order;

    /// <summary>Batches of the arrays `latents` and `labels` of a file.</summary>
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

    /// <inheritdoc/>
    public int BatchSize { get; }

    /// <inheritdoc/>
    public LatentShape Shape { get; }

    /// <inheritdoc/>
    public int Classes { get; }

    /// <inheritdoc/>
    public RandomSource Random { get; }

    /// <inheritdoc/>
    public Device Device { get; }

    /// <inheritdoc/>
    public (Tensor X, Tensor Labels) Draw(long step)
    {
        var indices = _order.Indices(step);
        return (_latents.index_select(0, indices).Upload(Device), _labels.index_select(0, indices).Upload(Device));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _order.Dispose();
        _latents.Dispose();
        _labels.Dispose();
    }
}
