using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Training latents that are kept nowhere: the images of a batch are encoded and normalised when it is drawn. The encoder is loaded
/// with the first batch, for some objectives draw none.
/// </summary>
internal sealed class EncodedImages : ILatentSource
{
    private readonly string _encoderFile;
    private readonly IImageSource _images;
    private readonly ImageBatches _batches;
    private readonly LatentStatistics _statistics;
    private (IEncoder Network, Weights Weights)? _encoder;

    public EncodedImages(StageContext context, int batchSize)
    {
        BatchSize = batchSize;
        Random = context.Random();
        Device = context.Device();
        _encoderFile = Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder);
        _images = DatasetFiles.Open(context, DatasetFiles.Train);
        _batches = new(_images, batchSize, Random);
        using (NewDisposeScope())
        {
            var loaded = LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).To(Device);
            _statistics = loaded with { Mean = loaded.Mean.DetachFromDisposeScope(), Variance = loaded.Variance.DetachFromDisposeScope() };
        }

        Classes = (int)_images.Classes;
        var shape = _statistics.Mean.shape;
        Shape = new(shape[0], shape[1], shape[2]);
    }

    public int BatchSize { get; }

    public LatentShape Shape { get; }

    public int Classes { get; }

    public RandomSource Random { get; }

    public Device Device { get; }

    public (Tensor X, Tensor Labels) Draw(long step)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        _encoder ??= NetworkFiles.LoadEncoder(_encoderFile, Device);
        var (network, weights) = _encoder.Value;
        var (pixels, labels) = _batches.Draw(step, Device);
        var latents = _statistics.Normalise(network.EncodeInParts(weights, pixels));
        return (latents.MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        _encoder?.Weights.Dispose();
        _statistics.Mean.Dispose();
        _statistics.Variance.Dispose();
        _batches.Dispose();
        _images.Dispose();
    }
}
