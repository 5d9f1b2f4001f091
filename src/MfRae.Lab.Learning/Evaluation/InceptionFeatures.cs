using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The Inception network of published FID numbers; grey images are repeated to three channels.</summary>
internal sealed class FidInceptionFeatures : IFeatureNetwork
{
    private const string ResizingEntry = "resizing";
    private const string SourceEntry = "source";

    private readonly FidInception _network;
    private readonly Device _device;
    private readonly bool _tensorFlow;

    private FidInceptionFeatures(FidInception network, Device device, string resizing, string identity)
    {
        _network = network;
        _device = device;
        _tensorFlow = resizing switch
        {
            "pytorchFid" => false,
            "tensorFlow" => true,
            _ => throw new LabException($"FID's network knows the resizing pytorchFid and tensorFlow, not '{resizing}'"),
        };
        Identity = identity;
    }

    public string Identity { get; }

    public long Channels => 3;

    public string Preprocessing(ImageShape image) => _tensorFlow
        ? "uint8, grey repeated to RGB, bilinear to 299x299 from corners without antialias, (x - 128) / 128"
        : "uint8, grey repeated to RGB, bilinear to 299x299 from half-pixel centres without antialias, [-1, 1]";

    public long Batch => 16;

    /// <summary>Converts released weights in any format to a file that describes itself and names the hash of the released file.</summary>
    /// <exception cref="LabException">The file does not hold weights of this network.</exception>
    public static void Import(string source, string resizing, string path)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Load(FidInception.Declare(), TensorFile.Open(source), CPU);
        weights.Save(path, new Dictionary<string, string>
        {
            ["type"] = NetworkMetadata.FidInceptionType,
            [ResizingEntry] = resizing,
            [SourceEntry] = FileHash.Of(source),
        });
    }

    /// <summary>Loads a file that <see cref="Import"/> wrote.</summary>
    public static FidInceptionFeatures Load(TensorFile file, Device device) =>
        Load(file, device, file.Meta(ResizingEntry), file.Meta(SourceEntry));

    /// <summary>Loads released weights; the identity is the hash of the file.</summary>
    /// <exception cref="LabException">The file does not hold weights of this network.</exception>
    public static FidInceptionFeatures Release(string path, string resizing, Device device)
    {
        using var scope = NewDisposeScope();
        return Load(TensorFile.Open(path), device, resizing, FileHash.Of(path));
    }

    /// <summary>Pooled features, logits without bias as in all published scores, and the map for sFID.</summary>
    public FeatureBatch Extract(Tensor images)
    {
        var colours = images.to(_device).expand(-1, 3, -1, -1);
        var (pool, spatial) = _network.Extract(
            _tensorFlow ? FidInceptionInput.TensorFlow(colours) : FidInceptionInput.PytorchFid(colours));
        return new(pool, _network.Logits(pool), spatial.flatten(1));
    }

    public void Dispose() => _network.Dispose();

    private static FidInceptionFeatures Load(TensorFile file, Device device, string resizing, string identity)
    {
        using var weights = Weights.Load(FidInception.Declare(), file, device);
        return new(new FidInception(weights), device, resizing, identity);
    }
}

/// <summary>The lab's Inception network for small images.</summary>
internal sealed class SmallInceptionFeatures(InceptionNetwork network, Weights weights, string identity) : IFeatureNetwork
{
    public string Identity { get; } = identity;

    public long Channels => network.Channels;

    public IReadOnlyList<string> Classes { get; } =
        [.. Enumerable.Range(0, network.Classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The preprocessing of the network, which numbers without a feature network use too.</summary>
    public static string PixelValues(ImageShape image) =>
        FormattableString.Invariant($"uint8, {image.Rows}x{image.Columns}{(image.Channels == 1 ? "" : " RGB")}, [-1, 1]");

    public string Preprocessing(ImageShape image) => PixelValues(image with { Channels = Channels })
        + (image.Channels < Channels ? ", grey repeated to RGB" : "");

    public long Batch => BatchOn(weights.Device);

    /// <summary>The batch of a small network. On a CPU, the activations of a small batch stay in the cache.</summary>
    public static long BatchOn(Device device) => device.type == DeviceType.CPU ? 50 : 250;

    public FeatureBatch Extract(Tensor images)
    {
        var features = network.Pool(weights, LabeledImages.ToUnit(images).to(weights.Device).expand(-1, Channels, -1, -1));
        return new(features, InceptionNetwork.Logits(weights, features));
    }

    public void Dispose() => weights.Dispose();
}
