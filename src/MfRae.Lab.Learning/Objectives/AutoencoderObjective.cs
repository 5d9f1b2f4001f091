using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Trains both halves of a KL autoencoder (docs/method.md §2): the L1 error of the pixels that are decoded from a sample of the posterior,
/// and the divergence of the posterior from the standard normal distribution, divided by the number of pixels.
/// </summary>
public sealed class AutoencoderObjective(
    VariationalEncoderOptions options, AutoencoderKlEncoder encoder, AutoencoderKlDecoder decoder, IImageSource data, RandomSource random,
    Device device) : IObjective, IDisposable
{
    private readonly ImageBatches _batches = new(data, options.Training.BatchSize, random);

    /// <summary>The weights of both halves.</summary>
    public WeightSpec Declare() => AutoencoderKlLayers.Declare(encoder, decoder);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Divide(weights, step, options.Training.BatchSize).Evaluate();

    /// <inheritdoc/>
    public DividedBatch Divide(Weights weights, long step, long samples)
    {
        var (pixels, _) = _batches.Draw(step, device);
        var shape = encoder.Shape;
        var noise = random.Normal("posterior", step, pixels.shape[0], shape.Channels, shape.Rows, shape.Columns);
        return new(pixels.shape[0], part => Evaluate(weights, part.Of(pixels), part.Of(noise)));
    }

    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();

    /// <summary>The loss of given images and noise.</summary>
    internal ObjectiveValue Evaluate(Weights weights, Tensor pixels, Tensor noise)
    {
        var posterior = encoder.Encode(weights, pixels, observe: null);
        var rebuilt = decoder.Decode(weights, posterior.Sample(noise) * encoder.Scale);
        var pixelError = (rebuilt - pixels).abs().mean();
        var divergence = posterior.Divergence().mean() * (1.0 / (pixels.numel() / pixels.shape[0]));
        return new(pixelError + (options.KlWeight * divergence), ("loss.pixels", pixelError), ("loss.divergence", divergence));
    }
}
