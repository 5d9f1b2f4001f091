using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The network whose features FID and whose classes IS are computed from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoFeatureOptions), "none")]
[JsonDerivedType(typeof(PretrainedFeatureOptions), "pretrained")]
[JsonDerivedType(typeof(InceptionOptions), "inception")]
public abstract record FeatureOptions;

/// <summary>No network: nothing is compared in features.</summary>
public sealed record NoFeatureOptions : FeatureOptions;

/// <summary>Weights from a safetensors file, whose metadata describe the network.</summary>
public sealed record PretrainedFeatureOptions(string Weights) : FeatureOptions;

/// <summary>Trains an Inception-style classifier (Szegedy blocks at 28×28) on the training labels.</summary>
/// <param name="Width">Channels of a branch; the pooled feature has 8 times as many.</param>
public sealed record InceptionOptions(
    TrainingOptions Training,
    AugmentationOptions Augmentation,
    [property: OptionRange(4, 512)] int Width = 24,
    [property: OptionRange(0, 0.9)] double LabelSmoothing = 0.1) : FeatureOptions;
