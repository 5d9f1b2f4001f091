using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
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

    /// <exception cref="LabException">The weights of the network that the user asked for are not there.</exception>
    public static void CheckWeights(FeatureChoice choice, string workingDirectory) => WeightsOf(choice, workingDirectory);

    /// <summary>The network that the user asked for.</summary>
    /// <exception cref="LabException">Its weights are missing, damaged or another network's.</exception>
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

    /// <summary>The name of a network for people.</summary>
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

    /// <summary>A file that describes itself, as a feature stage leaves it.</summary>
    /// <exception cref="LabException">The file is none, or describes another network.</exception>
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
            FeatureChoice.Embedded => (EmbeddedWeights, "they are part of the checkout; name another place by --weights"),
            _ => (choice.Name, "name inception, embedded, dinov2 or a file of TorchScript by --features"),
        };
        var given = choice.Weights ?? usual;
        var path = Path.GetFullPath(given, workingDirectory);
        if (File.Exists(WeightPath.FileOf(path)))
            return path;
        // Where the experiments of the paper's size have it.
        var other = Path.GetFullPath(Path.Combine("data/inception", Path.GetFileName(InceptionWeights)), workingDirectory);
        return choice is { Name: FeatureChoice.Inception, Weights: null } && File.Exists(other)
            ? other
            : throw new LabException($"the weights of the feature network {choice.Name} are not at {given}: {advice}");
    }

    private static string Fetch(string source, string path) => $"fetch {source}{Path.GetFileName(path)}, or name another place by --weights";
}
