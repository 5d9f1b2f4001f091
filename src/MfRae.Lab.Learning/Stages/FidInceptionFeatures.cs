using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The Inception network of published FID numbers; grey images are repeated to three colours.</summary>
internal sealed class FidInceptionFeatures : IFeatureNetwork
{
    public const string Type = "fid-inception";

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

    public string Preprocessing => _tensorFlow
        ? "uint8, grey repeated to RGB, bilinear to 299x299 from corners without antialias, (x - 128) / 128"
        : "uint8, grey repeated to RGB, bilinear to 299x299 from half-pixel centres without antialias, [-1, 1]";

    public long Batch => 16;

    /// <summary>Takes over released weights in any format, and the hash of their file, as a file that describes itself.</summary>
    /// <exception cref="LabException">The file is none, or not of this network.</exception>
    public static void Import(string source, string resizing, string path)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Load(FidInception.Declare(), TensorFile.Open(source), CPU);
        weights.Save(path, new Dictionary<string, string>
        {
            ["type"] = Type,
            [ResizingEntry] = resizing,
            [SourceEntry] = FeatureExtractor.Hash(source),
        });
    }

    /// <summary>What <see cref="Import"/> wrote.</summary>
    public static FidInceptionFeatures Load(TensorFile file, Device device)
    {
        using var weights = Weights.Load(FidInception.Declare(), file, device);
        return new(new FidInception(weights), device, file.Meta(ResizingEntry), file.Meta(SourceEntry));
    }

    public Tensor Pool(Tensor images)
    {
        var colours = images.to(_device).expand(-1, 3, -1, -1);
        return _network.Extract(_tensorFlow ? FidInceptionInput.TensorFlow(colours) : FidInceptionInput.PytorchFid(colours)).Pool;
    }

    public Tensor Logits(Tensor features) => _network.Logits(features);

    public void Dispose() => _network.Dispose();
}
