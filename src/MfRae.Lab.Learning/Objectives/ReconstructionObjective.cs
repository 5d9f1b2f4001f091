using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Trains the RAE decoder on noise-augmented latents (docs/method.md §2): L1 error of the pixels, and the squared error of
/// the frozen encoder's tokens of original and reconstruction. The feature network of the evaluation is not used.
/// </summary>
public sealed class ReconstructionObjective(
    RaeDecoderOptions options, IDecoder decoder, IEncoder encoder, Weights encoderWeights, IImageSource data, RandomSource random,
        Device device) : IObjective, IDisposable
{
    private readonly ImageBatches _batches = new(data, options.Training.BatchSize, random);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Divide(weights, step, options.Training.BatchSize).Evaluate();

    /// <inheritdoc/>
    public DividedBatch Divide(Weights weights, long step, long samples)
    {
        var (pixels, _) = _batches.Draw(step, device);
        Tensor latents, noisy;
        using (no_grad())
        {
            latents = encoder.EncodeInParts(encoderWeights, pixels);
            noisy = Noised(latents, options.NoiseTau, random.Uniform("noise scale", step, latents.shape[0], 1, 1, 1),
                random.Normal("noise", step, latents.shape));
        }
        return new(pixels.shape[0], part => Evaluate(weights, part.Of(pixels), part.Of(latents), part.Of(noisy)));
    }

    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();

    private ObjectiveValue Evaluate(Weights weights, Tensor pixels, Tensor latents, Tensor noisy)
    {
        var rebuilt = decoder.Decode(weights, noisy);
        var pixelError = (rebuilt - pixels).abs().mean();
        if (options.PerceptualWeight == 0)
            return new(pixelError, ("loss.pixels", pixelError));
        var tokenError = (encoder.Encode(encoderWeights, rebuilt) - latents).square().mean();
        return new(pixelError + (options.PerceptualWeight * tokenError), ("loss.pixels", pixelError), ("loss.tokens", tokenError));
    }

    /// <summary>z + σ n with σ = τ u; z and n have the same shape, u has one uniform number for each sample.</summary>
    internal static Tensor Noised(Tensor latents, double tau, Tensor uniform, Tensor normal) => latents + (tau * uniform * normal);
}
