using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The RAE decoder: latent tokens → image (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoDecoderOptions), "none")]
[JsonDerivedType(typeof(PretrainedDecoderOptions), "pretrained")]
[JsonDerivedType(typeof(RaeDecoderOptions), "rae")]
public abstract record DecoderOptions;

/// <summary>No decoder: the plan ends at the encoder and its probes.</summary>
public sealed record NoDecoderOptions : DecoderOptions;

/// <summary>Weights from a file; PATH::NAME takes a dictionary inside a checkpoint.</summary>
/// <param name="Network">What the weights are of; absent: the metadata of the file, which the lab wrote, say it.</param>
public sealed record PretrainedDecoderOptions(string Weights, DecoderArchitectureOptions? Network = null) : DecoderOptions;

/// <summary>
/// Trains a ViT decoder with two residual convolutions on noise-augmented latents z + σ n, σ = τ U(0,1):
/// L1 error plus <paramref name="PerceptualWeight"/> times the squared error of the frozen encoder's tokens.
/// </summary>
/// <param name="NoiseTau">τ, the largest standard deviation of the noise added to the latents.</param>
public sealed record RaeDecoderOptions(
    DecoderNetworkOptions Network,
    TrainingOptions Training,
    [property: OptionRange(0, 10)] double NoiseTau = 0.8,
    [property: OptionRange(0, 1000)] double PerceptualWeight = 0.1) : DecoderOptions;
