using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The frozen representation encoder E: image [C, H, W] → tokens, normalised without affine (docs/method.md §2).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoEncoderOptions), "none")]
[JsonDerivedType(typeof(PretrainedEncoderOptions), "pretrained")]
[JsonDerivedType(typeof(Dinov2EncoderOptions), "dinov2")]
[JsonDerivedType(typeof(SelfSupervisedEncoderOptions), "selfSupervised")]
public abstract record EncoderOptions;

/// <summary>No encoder: the data are latents already.</summary>
public sealed record NoEncoderOptions : EncoderOptions;

/// <summary>Weights of the lab's own ViT, from a file whose metadata describe it.</summary>
/// <param name="Network">The sizes that the metadata must name; absent: whatever they name.</param>
public sealed record PretrainedEncoderOptions(string Weights, VitOptions? Network = null) : EncoderOptions;

/// <summary>
/// DINOv2 with registers under the Hugging Face names, from .safetensors or a PyTorch checkpoint; PATH::NAME takes a dictionary inside
/// the file.
/// </summary>
public sealed record Dinov2EncoderOptions(string Weights, Dinov2Options Network) : EncoderOptions;

/// <summary>
/// Trains a ViT without labels on two augmented, partly masked views of each image: the class tokens of the two views
/// agree (contrastive, temperature <paramref name="Temperature"/>), and the tokens of each view rebuild its pixels.
/// </summary>
/// <param name="MaskRatio">Fraction of the tokens replaced by a learned mask token in each view.</param>
/// <param name="ReconstructionWeight">Weight of the pixel error beside the contrastive loss.</param>
public sealed record SelfSupervisedEncoderOptions(
    VitOptions Network,
    AugmentationOptions Augmentation,
    TrainingOptions Training,
    [property: OptionRange(0, 0.95)] double MaskRatio = 0.25,
    [property: OptionRange(0.01, 10)] double Temperature = 0.2,
    [property: OptionRange(0, 1000)] double ReconstructionWeight = 1) : EncoderOptions;
