using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The RAE decoder: latent tokens → image (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoDecoderOptions), "none")]
[JsonDerivedType(typeof(PretrainedDecoderOptions), "pretrained")]
[JsonDerivedType(typeof(RaeDecoderOptions), "rae")]
[JsonDerivedType(typeof(AutoencoderKlDecoderOptions), "autoencoderKl")]
[JsonDerivedType(typeof(PixelDecoderOptions), "pixels")]
public abstract record DecoderOptions;

/// <summary>No decoder: the plan ends at the encoder and its probes.</summary>
public sealed record NoDecoderOptions : DecoderOptions;

/// <summary>Weights from a file; PATH::NAME reads a dictionary inside a checkpoint.</summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside a checkpoint.</param>
/// <param name="Network">The network of the weights; absent: the metadata of a file of the lab describe it.</param>
public sealed record PretrainedDecoderOptions([property: OptionExample(WeightPath.Example)] string Weights, DecoderArchitectureOptions? Network = null) : DecoderOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>
/// Trains a ViT decoder with two residual convolutions on noise-augmented latents z + σ n, σ = τ U(0,1):
/// L1 error plus <paramref name="PerceptualWeight"/> times the squared error of the frozen encoder's tokens.
/// </summary>
/// <param name="NoiseTau">τ, the largest standard deviation of the noise added to the latents.</param>
/// <param name="PerceptualWeight">Weight of the squared error of the frozen encoder's tokens, relative to the L1 error of the pixels.</param>
public sealed record RaeDecoderOptions(
    DecoderNetworkOptions Network,
    TrainingOptions Training,
    [property: OptionRange(0, 10)] double NoiseTau = 0.8,
    [property: OptionRange(0, 1000)] double PerceptualWeight = 0.1) : DecoderOptions, ITrained;

/// <summary>The decoder of the KL autoencoder whose encoder is the arm's encoder.</summary>
public sealed record AutoencoderKlDecoderOptions : DecoderOptions;

/// <summary>No network: the pixels of an encoder of kind pixels.</summary>
public sealed record PixelDecoderOptions : DecoderOptions;

/// <summary>The network that pre-trained decoder weights belong to.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DecoderNetworkOptions), "vit")]
[JsonDerivedType(typeof(MaeDecoderOptions), "mae")]
public abstract record DecoderArchitectureOptions;

/// <summary>
/// A ViT over the latent tokens, then <paramref name="Channels"/> feature channels per pixel and residual convolutions that
/// remove patch seams.
/// </summary>
/// <param name="Width">Channels of a token.</param>
/// <param name="Depth">Number of transformer blocks.</param>
/// <param name="Heads">Attention heads of a block.</param>
/// <param name="MlpRatio">Hidden width of a block's MLP, relative to the width.</param>
/// <param name="Channels">Feature channels of a pixel in the residual convolutions.</param>
public sealed record DecoderNetworkOptions(
    [property: OptionRange(8, 8192, Unit = "channels")] int Width = 128,
    [property: OptionRange(1, 64)] int Depth = 3,
    [property: OptionRange(1, 64)] int Heads = 4,
    [property: OptionRange(1, 16)] double MlpRatio = 4,
    [property: OptionRange(1, 512, Unit = "channels")] int Channels = 16) : DecoderArchitectureOptions;

/// <summary>
/// The ViT-MAE style decoder of the released RAE (arXiv 2510.11690), with its parameter names; the defaults are those of ViT-XL
/// (docs/method.md §2).
/// </summary>
/// <param name="HiddenSize">Channels of a token.</param>
/// <param name="Layers">Number of transformer blocks.</param>
/// <param name="Heads">Attention heads of a block.</param>
/// <param name="IntermediateSize">Hidden width of a block's MLP.</param>
/// <param name="PatchSize">Side of the square of pixels that one token is decoded to.</param>
/// <param name="ImageSize">Side of the decoded image.</param>
/// <param name="Channels">Colours of the decoded image.</param>
/// <param name="NormEpsilon">The constant that layer normalisation adds to the variance.</param>
public sealed record MaeDecoderOptions(
    [property: OptionRange(8, 8192, Unit = "channels")] int HiddenSize = 1152,
    [property: OptionRange(1, 128)] int Layers = 28,
    [property: OptionRange(1, 128)] int Heads = 16,
    [property: OptionRange(8, 65536, Unit = "channels")] int IntermediateSize = 4096,
    [property: OptionRange(1, 256, Unit = "pixels")] int PatchSize = 16,
    [property: OptionRange(1, 4096, Unit = "pixels")] int ImageSize = 256,
    [property: OptionRange(1, 16)] int Channels = 3,
    [property: OptionRange(0, 1)] double NormEpsilon = 1e-12) : DecoderArchitectureOptions;
