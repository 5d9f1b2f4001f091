using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Encodes the training set once: statistics.safetensors, and the normalised latents with their labels in
/// latents.safetensors.
/// </summary>
internal sealed class LatentRunner(LatentOptions options) : IStage
{
    public const string Statistics = "statistics.safetensors";
    public const string Latents = "latents.safetensors";
    private const int Batch = 500;

    public void Run(StageContext context)
    {
        var device = context.Device();
        using var data = LabeledImages.Load(Path.Combine(context.Input(StageInput.Dataset), "train.safetensors"));
        var (encoder, weights) = NetworkFiles.LoadEncoder(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder), device);
        using var frozen = weights;
        using var latents = context.InBatches(data.Count, Batch, "image", indices => encoder.Encode(frozen, data.Pixels(indices, device)));

        var statistics = options switch
        {
            PretrainedLatentOptions pretrained => LatentStatistics.Load(context.Resolve(pretrained.Weights)),
            PerElementLatentOptions own => LatentStatistics.Of(latents, own.Epsilon),
            _ => throw new NotSupportedException($"{options.GetType().Name} has no runner"),
        };
        if (!statistics.Mean.shape.SequenceEqual(latents.shape[1..]))
            throw new LabException($"the latent statistics are of shape [{string.Join(", ", statistics.Mean.shape)}], the encoder's "
                + $"latents [{string.Join(", ", latents.shape[1..])}]");
        statistics.Save(context.File(Statistics));
        statistics.NormaliseInPlace(latents);
        Safetensors.Write(context.File(Latents), [("latents", latents), ("labels", data.Labels)]);
    }
}
