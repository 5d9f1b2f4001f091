using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>
/// The class token of DINOv2, the feature of FD-DINOv2 (arXiv 2306.04675; its code uses the large model without registers).
/// </summary>
internal sealed class Dinov2Features : IFeatureNetwork
{
    private const string SourceEntry = "source";
    private const string NetworkEntry = "network";

    private readonly Dinov2Encoder _network;
    private readonly Weights _weights;

    private Dinov2Features(Dinov2Options options, TensorFile file, string identity, Device device)
    {
        _network = new(options);
        _weights = Weights.Load(Declare(_network), file, device);
        Identity = identity;
    }

    public string Identity { get; }

    public long Channels => 3;

    public string Preprocessing(ImageShape image) => FormattableString.Invariant(
        $"uint8, grey repeated to RGB, {PillowResize.Text(image.Rows, image.Columns, _network.Options.InputSize)}, [0, 1], ImageNet mean and deviation, class token after the last norm");

    public long Batch => 16;

    /// <summary>Converts released weights to a file that describes itself and names the hash of the released file.</summary>
    /// <exception cref="LabException">The file does not hold weights of this network.</exception>
    public static void Import(string source, string path)
    {
        using var scope = NewDisposeScope();
        using var network = Release(source, CPU);
        network._weights.Save(path, new Dictionary<string, string>
        {
            ["type"] = NetworkMetadata.Dinov2FeaturesType,
            [NetworkEntry] = JsonSerializer.Serialize(network._network.Options, LabJson.Default.Dinov2Options),
            [SourceEntry] = network.Identity,
        });
    }

    /// <summary>Loads a file that <see cref="Import"/> wrote.</summary>
    public static Dinov2Features Load(TensorFile file, Device device) =>
        new(JsonSerializer.Deserialize(file.Meta(NetworkEntry), LabJson.Default.Dinov2Options)!, file, file.Meta(SourceEntry), device);

    /// <summary>Loads released weights of any size, with the tensor names of any publisher; the identity is the hash of the file.</summary>
    /// <exception cref="LabException">The file does not hold weights of this network.</exception>
    public static Dinov2Features Release(string path, Device device)
    {
        using var scope = NewDisposeScope();
        var file = Dinov2Names.Translate(TensorFile.Open(path));
        return new(Dinov2Sizes.Of(file), file, FileHash.Of(WeightPath.FileOf(path)), device);
    }

    public FeatureBatch Extract(Tensor images)
    {
        var pixels = PillowResize.Apply(images.to(_weights.Device).expand(-1, 3, -1, -1), _network.Options.InputSize) / 255;
        return new(_network.ClassToken(_weights, _network.Pixels.Apply(pixels)));
    }

    public void Dispose() => _weights.Dispose();

    private static WeightSpec Declare(Dinov2Encoder network)
    {
        var spec = network.Declare();
        spec.Norm(Dinov2Encoder.LastNorm, network.Options.HiddenSize);
        return spec;
    }
}
