using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Makes or takes over statistics.safetensors, and unless the cache is none encodes the training set once: the normalised latents with
/// their labels in latents.safetensors.
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
        else
            Keep(context, encoder, frozen, data);
    }

    private void Keep(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        using var latents = context.InBatches(data, Batch, bytes => encoder.EncodeBytes(weights, bytes));
        var statistics = options switch
        {
            PretrainedLatentOptions pretrained => Import(context, pretrained, encoder.Shape),
            PerElementLatentOptions own => LatentStatistics.Of(latents, own.Epsilon),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no runner"),
        };
        statistics.Save(context.File(Statistics));
        statistics.NormaliseInPlace(latents);
        Finite.Require(latents, "the normalised latents");
        Safetensors.Write(context.File(Latents), [("latents", latents), ("labels", data.Labels)]);
    }

    private void Describe(StageContext context, IEncoder encoder, Weights weights, IImageSource data)
    {
        var statistics = options switch
        {
            PretrainedLatentOptions pretrained => Import(context, pretrained, encoder.Shape),
            PerElementLatentOptions own => Accumulate(context, encoder, weights, data).Statistics(own.Epsilon),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no runner"),
        };
        statistics.Save(context.File(Statistics));
    }

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
