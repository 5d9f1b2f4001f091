using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Sampling;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Computes or imports statistics.safetensors. Unless `cache` is `none`, it encodes the training set once and keeps the latents with their
/// labels: normalised in latents.safetensors, or as they are in shards (<see cref="LatentShards"/>).
/// </summary>
internal sealed class LatentRunner(LatentOptions options) : IStage
{
    public const string Statistics = "statistics.safetensors";
    public const string Latents = "latents.safetensors";
    private const int Batch = 500;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var (encoder, weights) = NetworkFiles.LoadEncoder(context, data.Shape);
        using var frozen = weights;
        if (options.EncodesWhenDrawn())
            Describe(context, encoder, frozen, data);
        else if (options.KeepsShards())
            KeepShards(context, encoder, frozen, data);
        else
            Keep(context, encoder, frozen, data);
    }

    /// <summary>The statistics of a latents stage on the device of the stage that reads them. The caller owns the tensors.</summary>
    public static LatentStatistics KeptStatistics(StageContext context)
    {
        using var scope = NewDisposeScope();
        var loaded = LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), Statistics)).To(context.Device());
        return loaded with { Mean = loaded.Mean.DetachFromDisposeScope(), Variance = loaded.Variance.DetachFromDisposeScope() };
    }

    private void Keep(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        using var latents = context.InBatches(data, Batch, bytes => encoder.EncodeBytes(weights, bytes));
        var statistics = StatisticsOf(context, encoder.Shape, epsilon => LatentStatistics.Of(latents, epsilon));
        statistics.Save(context.File(Statistics));
        statistics.NormaliseInPlace(latents);
        Finite.Require(latents, "the normalised latents");
        Safetensors.Write(context.File(Latents), [("latents", latents), ("labels", data.Labels)]);
    }

    private void KeepShards(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        var shards = LatentShards.Plan(encoder.Shape, data.Count);
        shards.Write(
            context, data, data.Shape.Batch(Batch), bytes => encoder.EncodeBytes(weights, bytes), new DriveInfo(context.Folder).AvailableFreeSpace);
        var statistics = StatisticsOf(context, encoder.Shape, epsilon => LatentStatistics.Of(shards.Shape, () => shards.Blocks(context.Folder), epsilon));
        // Latents and statistics are finite. Only a deviation of zero would make a normalised latent infinite.
        Finite.Require(statistics.Normalise(zeros_like(statistics.Mean)), "the normalised latents");
        statistics.Save(context.File(Statistics));
    }

    private void Describe(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        var statistics = StatisticsOf(context, encoder.Shape, epsilon => Accumulate(context, encoder, weights, data).Statistics(epsilon));
        statistics.Save(context.File(Statistics));
    }

    /// <param name="measure">The statistics of the training set, with this ε.</param>
    private LatentStatistics StatisticsOf(StageContext context, LatentShape shape, Func<double, LatentStatistics> measure) => options switch
    {
        PretrainedLatentOptions pretrained => Import(context, pretrained, shape),
        PerElementLatentOptions own => measure(own.Epsilon),
        UnnormalisedLatentOptions => LatentStatistics.None(shape),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no runner"),
    };

    private static LatentMoments Accumulate(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        var moments = new LatentMoments(encoder.Shape);
        context.ForBatches(data, Batch, bytes => moments.Add(encoder.EncodeBytes(weights, bytes)));
        return moments;
    }

    private static LatentStatistics Import(StageContext context, PretrainedLatentOptions pretrained, LatentShape shape)
    {
        var statistics = LatentStatistics.Load(context.Resolve(pretrained.Weights), pretrained.Epsilon);
        return statistics.Mean.shape.SequenceEqual([shape.Channels, shape.Rows, shape.Columns])
            ? statistics
            : throw new LabException($"the latent statistics are of shape [{string.Join(", ", statistics.Mean.shape)}], the encoder's "
                + $"latents [{shape.Channels}, {shape.Rows}, {shape.Columns}]");
    }
}

/// <summary>
/// Training latents that are not stored: the images of a batch are encoded and normalised when the batch is drawn. The encoder is loaded
/// with the first batch, because some objectives draw no batch.
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
        _statistics = LatentRunner.KeptStatistics(context);
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
