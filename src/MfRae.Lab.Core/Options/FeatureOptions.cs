using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The network whose features FID and whose classes IS are computed from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoFeatureOptions), "none")]
[JsonDerivedType(typeof(PretrainedFeatureOptions), "pretrained")]
[JsonDerivedType(typeof(FidInceptionOptions), "fidInception")]
[JsonDerivedType(typeof(InceptionOptions), "inception")]
public abstract record FeatureOptions;

/// <summary>No network: nothing is compared in features.</summary>
public sealed record NoFeatureOptions : FeatureOptions;

/// <summary>Weights from a safetensors file, whose metadata describe the network.</summary>
public sealed record PretrainedFeatureOptions(string Weights) : FeatureOptions;

/// <summary>
/// The Inception-v3 of published FID numbers, from a file with pytorch-fid's names. It predicts ImageNet's classes (docs/method.md §7).
/// </summary>
/// <param name="Resizing">How images reach 299×299: as in pytorch-fid, or as in the TensorFlow graph and ADM's evaluator.</param>
public sealed record FidInceptionOptions(
    string Weights,
    [property: OptionChoice("pytorchFid", "tensorFlow")] string Resizing = "pytorchFid") : FeatureOptions;

/// <summary>Trains an Inception-style classifier (Szegedy blocks at 28×28) on the training labels.</summary>
/// <param name="Width">Channels of a branch; the pooled feature has 8 times as many.</param>
public sealed record InceptionOptions(
    TrainingOptions Training,
    AugmentationOptions Augmentation,
    [property: OptionRange(4, 512)] int Width = 24,
    [property: OptionRange(0, 0.9)] double LabelSmoothing = 0.1) : FeatureOptions;
