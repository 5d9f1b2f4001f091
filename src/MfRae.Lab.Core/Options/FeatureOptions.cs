using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>The network whose features FID is computed from, and whose classes IS is computed from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoFeatureOptions), "none")]
[JsonDerivedType(typeof(PretrainedFeatureOptions), "pretrained")]
[JsonDerivedType(typeof(FidInceptionOptions), "fidInception")]
[JsonDerivedType(typeof(Dinov2FeatureOptions), "dinov2")]
[JsonDerivedType(typeof(TorchScriptFeatureOptions), "torchScript")]
[JsonDerivedType(typeof(InceptionOptions), "inception")]
[JsonDerivedType(typeof(RandomConvolutionOptions), "randomConvolution")]
public abstract record FeatureOptions;

/// <summary>No network: no features are compared.</summary>
public sealed record NoFeatureOptions : FeatureOptions;

/// <summary>Weights from a safetensors file, whose metadata describe the network.</summary>
/// <param name="Weights">The safetensors file with the weights.</param>
public sealed record PretrainedFeatureOptions([property: OptionExample(WeightPath.Example)] string Weights) : FeatureOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [Weights];
}

/// <summary>
/// The Inception-v3 network of published FID values, from a file with pytorch-fid's names. It predicts the classes of ImageNet
/// (docs/method.md §7).
/// </summary>
/// <param name="Weights">The file with the weights, with pytorch-fid's names.</param>
/// <param name="Resizing">How images are resized to 299×299: as in pytorch-fid, or as in the TensorFlow graph and ADM's evaluator.</param>
public sealed record FidInceptionOptions(
    [property: OptionExample(WeightPath.Example)] string Weights,
    [property: OptionChoice("pytorchFid", "tensorFlow")] string Resizing = "pytorchFid") : FeatureOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [Weights];
}

/// <summary>
/// The class token of DINOv2, in which FD-DINOv2 compares images (arXiv 2306.04675): released weights of any size, with the names of
/// the release, Hugging Face or timm; PATH::NAME reads a dictionary inside the file. It does not predict classes.
/// </summary>
/// <param name="Weights">The file with the weights; PATH::NAME reads a dictionary inside it.</param>
public sealed record Dinov2FeatureOptions([property: OptionExample(WeightPath.Example)] string Weights) : FeatureOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [WeightPath.FileOf(Weights)];
}

/// <summary>
/// Any network as a TorchScript file: float32 [B, 3, size, size] → features [B, F], or a tuple of features and scores of classes other than
/// those of the dataset.
/// </summary>
/// <param name="Weights">The TorchScript file.</param>
/// <param name="Size">Side that images are resized to, bicubic with antialiasing; 0 does not resize.</param>
/// <param name="Mean">The mean of each colour in [0, 1], which is subtracted first; absent: 0.</param>
/// <param name="Deviation">The standard deviation of each colour, which is divided by; absent: 1.</param>
public sealed record TorchScriptFeatureOptions(
    [property: OptionExample(WeightPath.Example)] string Weights,
    [property: OptionRange(0, 4096, Unit = "pixels")] int Size = 224,
    [property: OptionRange(-1000, 1000)] IReadOnlyList<double>? Mean = null,
    [property: OptionRange(1e-6, 1000)] IReadOnlyList<double>? Deviation = null) : FeatureOptions, IReadsFiles
{
    IEnumerable<string> IReadsFiles.Files() => [Weights];
}

/// <summary>Trains an Inception-style classifier (Szegedy blocks at 28×28) on the training labels.</summary>
/// <param name="Width">Channels of a branch; the pooled feature has 8 times that number.</param>
/// <param name="LabelSmoothing">Share of the probability that the targets spread over all classes.</param>
public sealed record InceptionOptions(
    TrainingOptions Training,
    AugmentationOptions Augmentation,
    [property: OptionRange(4, 512, Unit = "channels")] int Width = 24,
    [property: OptionRange(0, 0.9)] double LabelSmoothing = 0.1) : FeatureOptions, ITrained;

/// <summary>
/// An untrained convolutional network with fixed random weights, for images of any size: a judge that knows neither labels nor other images.
/// Its features are the mean and the deviation of every channel of every layer (docs/method.md §7). It does not predict classes.
/// </summary>
/// <param name="Seed">The seed of the weights.</param>
/// <param name="Width">Channels of the first layer; each further layer has twice the channels and half the resolution of the previous layer.</param>
/// <param name="Layers">The number of layers. There are 2 · width · (2^layers - 1) features.</param>
public sealed record RandomConvolutionOptions(
    [property: OptionRange(0, int.MaxValue)] int Seed = 0,
    [property: OptionRange(4, 128, Unit = "channels")] int Width = 16,
    [property: OptionRange(1, 8)] int Layers = 3) : FeatureOptions;
