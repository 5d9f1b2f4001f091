using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Opens feature networks.</summary>
internal static class FeatureNetworks
{
    private const string InceptionWeights = "data/weights/pt_inception-2015-12-05-6726825d.pth";
    private const string InceptionSource = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/";
    private const string EmbeddedWeights = "data/weights/inception.safetensors";
    private const string Dinov2Weights = "data/weights/dinov2_vitl14_pretrain.pth";
    private const string Dinov2Source = "https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/";

    /// <summary>Checks that the weights of the requested network exist.</summary>
    /// <exception cref="LabException">The weights are missing.</exception>
    public static void CheckWeights(FeatureChoice choice, string workingDirectory) => WeightsOf(choice, workingDirectory);

    /// <summary>Loads the requested network.</summary>
    /// <exception cref="LabException">The weights are missing, damaged or those of another network.</exception>
    public static IFeatureNetwork Open(FeatureChoice choice, string workingDirectory, Device device)
    {
        var path = WeightsOf(choice, workingDirectory);
        switch (choice.Name)
        {
            case FeatureChoice.Inception:
                return FidInceptionFeatures.Release(path, choice.Resizing, device);
            case FeatureChoice.Embedded:
                return Load(path, device);
            case FeatureChoice.Dinov2:
                return Dinov2Features.Release(path, device);
            default:
                return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
                    ? Load(path, device)
                    : TorchScriptFeatures.Load(path, new(choice.Size, choice.Mean, choice.Deviation), device);
        }
    }

    /// <summary>A network in words.</summary>
    public static string Title(FeatureChoice choice, IFeatureNetwork network) => (choice.Name, choice.Weights, network) switch
    {
        (FeatureChoice.Embedded, null, _) => "embedded Fashion-MNIST network",
        (FeatureChoice.Embedded, { } file, _) => $"embedded network with the weights {file}",
        (FeatureChoice.Inception, _, _) => "inception, the Inception-v3 network of published FID values",
        (FeatureChoice.Dinov2, _, _) => "dinov2, the DINOv2 network",
        (var file, _, TorchScriptFeatures) => $"{file}, a TorchScript network",
        (var file, _, SmallInceptionFeatures own) => FormattableString.Invariant($"{file}, a network for {own.Classes.Count} classes"),
        var (file, _, _) => file,
    };

    /// <summary>Loads a file that describes itself, as a feature stage writes it.</summary>
    /// <exception cref="LabException">The file does not describe a feature network.</exception>
    public static IFeatureNetwork Load(string path, Device device)
    {
        using var scope = NewDisposeScope();
        var file = TensorFile.Open(path);
        switch (NetworkMetadata.FeatureType(file))
        {
            case NetworkMetadata.FidInceptionType:
                return FidInceptionFeatures.Load(file, device);
            case NetworkMetadata.Dinov2FeaturesType:
                return Dinov2Features.Load(file, device);
            case NetworkMetadata.TorchScriptType:
                return TorchScriptFile.Load(file, device);
            case NetworkMetadata.RandomConvolutionType:
                return RandomFeatures.Load(file, path, device);
            default:
                var network = NetworkMetadata.Features(file);
                return new SmallInceptionFeatures(network, Weights.Load(network.Declare(), file, device), FileHash.Of(path));
        }
    }

    private static string WeightsOf(FeatureChoice choice, string workingDirectory)
    {
        var (usual, advice) = choice.Name switch
        {
            FeatureChoice.Inception => (InceptionWeights, Fetch(InceptionSource, InceptionWeights)),
            FeatureChoice.Dinov2 => (Dinov2Weights, Fetch(Dinov2Source, Dinov2Weights)),
            FeatureChoice.Embedded => (EmbeddedWeights, "they are part of the checkout; name another file with --weights"),
            _ => (choice.Name, "write inception, embedded, dinov2 or a TorchScript file after --features"),
        };
        var given = choice.Weights ?? usual;
        var path = Path.GetFullPath(given, workingDirectory);
        if (File.Exists(WeightPath.FileOf(path)))
            return path;
        // The place that the experiments of the paper's size use.
        var other = Path.GetFullPath(Path.Combine("data/inception", Path.GetFileName(InceptionWeights)), workingDirectory);
        return choice is { Name: FeatureChoice.Inception, Weights: null } && File.Exists(other)
            ? other
            : throw new LabException($"the weights of the feature network {choice.Name} are not at {given}: {advice}");
    }

    private static string Fetch(string source, string path) =>
        $"fetch {source}{Path.GetFileName(path)}, or name another file with --weights";
}

/// <summary>A feature network.</summary>
internal interface IFeatureNetwork : IDisposable
{
    /// <summary>SHA-256 of the weights file that the network was first read from.</summary>
    string Identity { get; }

    /// <summary>The channels of the images that the network takes: 1 or 3. For 3, grey is repeated.</summary>
    long Channels { get; }

    /// <summary>
    /// The predicted classes as numbers, as in a dataset with numbers for names; null where the network predicts other classes.
    /// </summary>
    IReadOnlyList<string>? Classes => null;

    /// <summary>The preprocessing of images of a shape, in words that are stored with every number.</summary>
    string Preprocessing(ImageShape image);

    /// <summary>A batch size that is fast and fits into memory.</summary>
    long Batch { get; }

    /// <summary>
    /// images uint8 [B, 1 or 3, H, W], on any device → the features of each image, which do not depend on the rest of the batch. They
    /// belong to the caller's dispose scope.
    /// </summary>
    FeatureBatch Extract(Tensor images);
}

/// <summary>The output of a feature network for a batch of images.</summary>
/// <param name="Features">float32 [B, F].</param>
/// <param name="Logits">float32 [B, classes], or null where the network has no classes.</param>
/// <param name="Spatial">float32 [B, S], the map for sFID, or null where the network has no such map.</param>
/// <param name="Content">int64 [B], a hash of each image (<see cref="Data.ImageContent"/>), or null.</param>
internal sealed record FeatureBatch(Tensor Features, Tensor? Logits = null, Tensor? Spatial = null, Tensor? Content = null);

/// <summary>A feature network as the user requested it.</summary>
/// <param name="Name">inception, embedded, dinov2, or a file: of TorchScript, or of a network that describes itself.</param>
/// <param name="Weights">The file of the weights; null: the default file.</param>
/// <param name="Resizing">For inception: pytorchFid or tensorFlow.</param>
/// <param name="Size">For TorchScript: side that images are resized to; 0: no resizing.</param>
/// <param name="Mean">For TorchScript: mean of each channel in [0, 1].</param>
/// <param name="Deviation">For TorchScript: standard deviation of each channel.</param>
public sealed record FeatureChoice(
    string Name, string? Weights, string Resizing, int Size, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>The Inception network of FID.</summary>
    public const string Inception = "inception";

    /// <summary>The small Fashion-MNIST network, whose weights are part of the checkout.</summary>
    public const string Embedded = "embedded";

    /// <summary>DINOv2, for FD-DINOv2.</summary>
    public const string Dinov2 = "dinov2";

    /// <summary>The values of --resizing; the first is the default.</summary>
    public static IReadOnlyList<string> Resizings { get; } = ["pytorchFid", "tensorFlow"];
}

/// <summary>The identity of features: the network and the preprocessing. Only features of the same identity are comparable.</summary>
/// <param name="Extractor">SHA-256 of the weights file.</param>
public sealed record FeatureIdentity(string Extractor, string Preprocessing)
{
    /// <summary>Every field that differs, with both values.</summary>
    public IReadOnlyList<IdentityConflict> Differences(FeatureIdentity other)
    {
        var differences = new List<IdentityConflict>();
        if (Extractor != other.Extractor)
            differences.Add(new("extractor", Extractor, other.Extractor));
        if (Preprocessing != other.Preprocessing)
            differences.Add(new("preprocessing", Preprocessing, other.Preprocessing));
        return differences;
    }
}
