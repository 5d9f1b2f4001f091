using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The frozen representation encoder E: image [C, H, W] → tokens, normalised without affine (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoEncoderOptions), "none")]
[JsonDerivedType(typeof(PretrainedEncoderOptions), "pretrained")]
[JsonDerivedType(typeof(Dinov2EncoderOptions), "dinov2")]
[JsonDerivedType(typeof(SelfSupervisedEncoderOptions), "selfSupervised")]
[JsonDerivedType(typeof(AutoencoderKlEncoderOptions), "autoencoderKl")]
[JsonDerivedType(typeof(VariationalEncoderOptions), "variational")]
[JsonDerivedType(typeof(PixelEncoderOptions), "pixels")]
public abstract record EncoderOptions;

/// <summary>No encoder: the data are already latents.</summary>
public sealed record NoEncoderOptions : EncoderOptions;

/// <summary>Weights of the lab's ViT, from a file whose metadata describe it.</summary>
/// <param name="Weights">The file with the weights.</param>
/// <param name="Network">The sizes that the metadata must contain; absent: any.</param>
public sealed record PretrainedEncoderOptions([property: OptionExample(WeightPath.Example)] string Weights, VitOptions? Network = null) : EncoderOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [Weights];
}

/// <summary>
/// DINOv2 with registers, with the Hugging Face names, from .safetensors or a PyTorch checkpoint; PATH::NAME reads a dictionary inside
/// the file.
/// </summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside it.</param>
public sealed record Dinov2EncoderOptions([property: OptionExample(WeightPath.Example)] string Weights, Dinov2Options Network) : EncoderOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>
/// Trains a ViT without labels on two augmented, partly masked views of each image: the class tokens of the two views
/// agree (contrastive, temperature <paramref name="Temperature"/>), and the tokens of each view reconstruct its pixels.
/// </summary>
/// <param name="MaskRatio">Fraction of the tokens replaced by a learned mask token in each view.</param>
/// <param name="Temperature">Temperature of the contrastive loss.</param>
/// <param name="ReconstructionWeight">Weight of the pixel error relative to the contrastive loss.</param>
public sealed record SelfSupervisedEncoderOptions(
    VitOptions Network,
    AugmentationOptions Augmentation,
    TrainingOptions Training,
    [property: OptionRange(0, 0.95)] double MaskRatio = 0.25,
    [property: OptionRange(0.01, 10)] double Temperature = 0.2,
    [property: OptionRange(0, 1000)] double ReconstructionWeight = 1) : EncoderOptions, ITrained;

/// <summary>
/// A published KL autoencoder, such as the SD-VAE: latents are the mean of the posterior × <paramref name="Scale"/>. The names are those of
/// diffusers or of latent diffusion, in .safetensors or a PyTorch checkpoint; PATH::NAME reads a dictionary inside the file, such as
/// `first_stage_model`. A decoder of kind autoencoderKl is the decoder of the same file.
/// </summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside it, such as `first_stage_model`.</param>
/// <param name="Scale">The number that latents are multiplied by.</param>
public sealed record AutoencoderKlEncoderOptions(
    [property: OptionExample(WeightPath.Example)] string Weights,
    AutoencoderKlOptions Network,
    [property: OptionRange(1e-6, 1e6)] double Scale = 0.18215) : EncoderOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>
/// Trains a KL autoencoder: L1 error of the images that are decoded from a sample of the posterior, plus <paramref name="KlWeight"/> × the
/// posterior's divergence from the standard normal distribution, divided by the number of pixels. Latents are the mean of the posterior. A
/// decoder of kind autoencoderKl is its decoder.
/// </summary>
/// <param name="KlWeight">Weight of the posterior's divergence from the standard normal distribution, relative to the L1 error.</param>
public sealed record VariationalEncoderOptions(
    AutoencoderKlOptions Network,
    TrainingOptions Training,
    [property: OptionRange(0, 1000)] double KlWeight = 1e-6) : EncoderOptions, ITrained;

/// <summary>No network: latents are the pixels, 2 · image - 1, and a decoder of kind pixels is the inverse.</summary>
public sealed record PixelEncoderOptions : EncoderOptions;

/// <summary>
/// The sizes of a KL autoencoder (arXiv 2112.10752): residual convolutions with group normalisation, and attention at the smallest level. The
/// SD-VAE has multipliers [1, 2, 4, 4] and the defaults.
/// </summary>
/// <param name="Multipliers">The channels of each level, relative to <paramref name="Channels"/>; each level but the first has half the side of the level before.</param>
/// <param name="Channels">Channels of a level with multiplier 1.</param>
/// <param name="Blocks">Residual blocks of a level of the encoder; a level of the decoder has one more.</param>
/// <param name="LatentChannels">Channels of a latent.</param>
/// <param name="Groups">Groups of each normalisation.</param>
public sealed record AutoencoderKlOptions(
    [property: OptionRange(1, 64)][property: OptionExample("[1, 2, 4, 4]")] IReadOnlyList<int> Multipliers,
    [property: OptionRange(1, 4096, Unit = "channels")] int Channels = 128,
    [property: OptionRange(1, 16)] int Blocks = 2,
    [property: OptionRange(1, 4096, Unit = "channels")] int LatentChannels = 4,
    [property: OptionRange(1, 512)] int Groups = 32);

/// <summary>
/// A vision transformer with a convolutional stem of three stride-2 layers: 28×28 pixels become 4×4 tokens of
/// <paramref name="Width"/> channels.
/// </summary>
/// <param name="Width">Channels of a token.</param>
/// <param name="Depth">Number of transformer blocks.</param>
/// <param name="Heads">Attention heads of a block.</param>
/// <param name="MlpRatio">Hidden width of a block's MLP, relative to the width.</param>
public sealed record VitOptions(
    [property: OptionRange(8, 4096, Unit = "channels")] int Width = 96,
    [property: OptionRange(1, 64)] int Depth = 6,
    [property: OptionRange(1, 64)] int Heads = 4,
    [property: OptionRange(1, 16)] double MlpRatio = 4);

/// <summary>
/// DINOv2 with registers (arXiv 2304.07193, 2309.16588), a frozen encoder with the Hugging Face parameter names; the defaults are those of
/// the base model that the paper uses (docs/method.md §2).
/// </summary>
/// <param name="HiddenSize">Channels of a token.</param>
/// <param name="Layers">Number of transformer blocks.</param>
/// <param name="Heads">Attention heads of a block.</param>
/// <param name="MlpRatio">Hidden width of a block's MLP, relative to the width of the model.</param>
/// <param name="ImageSize">The side of the images that the position embedding was trained on.</param>
/// <param name="PatchSize">Side of the square of pixels that is one token.</param>
/// <param name="RegisterTokens">Number of register tokens.</param>
/// <param name="InputSize">The side of the encoded images: images are resized to it, and position embeddings to its patch grid.</param>
/// <param name="NormEpsilon">The constant that layer normalisation adds to the variance.</param>
public sealed record Dinov2Options(
    [property: OptionRange(8, 8192, Unit = "channels")] int HiddenSize = 768,
    [property: OptionRange(1, 128)] int Layers = 12,
    [property: OptionRange(1, 128)] int Heads = 12,
    [property: OptionRange(1, 16)] double MlpRatio = 4,
    [property: OptionRange(1, 4096, Unit = "pixels")] int ImageSize = 518,
    [property: OptionRange(1, 256, Unit = "pixels")] int PatchSize = 14,
    [property: OptionRange(0, 256)] int RegisterTokens = 4,
    [property: OptionRange(1, 4096, Unit = "pixels")] int InputSize = 224,
    [property: OptionRange(0, 1)] double NormEpsilon = 1e-6);

/// <summary>Random views of an image: an affine crop, a flip, and a change of brightness and contrast.</summary>
/// <param name="MinScale">Smallest side of the crop, as a fraction of the image's side.</param>
/// <param name="Shift">Largest shift, as a fraction of the image's side.</param>
/// <param name="Rotation">Largest rotation in degrees.</param>
/// <param name="Flip">Probability of a horizontal flip.</param>
/// <param name="Intensity">Largest relative change of brightness and contrast.</param>
public sealed record AugmentationOptions(
    [property: OptionRange(0.05, 1)] double MinScale = 0.5,
    [property: OptionRange(0, 0.5)] double Shift = 0.1,
    [property: OptionRange(0, 180, Unit = "degrees")] double Rotation = 10,
    [property: OptionRange(0, 1)] double Flip = 0.5,
    [property: OptionRange(0, 1)] double Intensity = 0.4);
