using System.Security.Cryptography;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The feature network of a stage's inputs, with the identity that its numbers carry.</summary>
internal sealed class FeatureExtractor : IDisposable
{
    private readonly StageContext _context;
    private readonly IFeatureNetwork _network;

    private FeatureExtractor(StageContext context, IFeatureNetwork network)
    {
        _context = context;
        _network = network;
    }

    /// <summary>SHA-256 of the weights file.</summary>
    public string Identity => _network.Identity;

    /// <summary>What is done to images before the network.</summary>
    public string Preprocessing => _network.Preprocessing;

    public static FeatureExtractor Load(StageContext context) => new(context, NetworkFiles.LoadFeatures(
        Path.Combine(context.Input(StageInput.Features), NetworkFiles.Features), context.Device()));

    public static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>images uint8 [N, 1 or 3, H, W] → features [N, F] and logits [N, classes], on the CPU.</summary>
    public (Tensor Features, Tensor Logits) Extract(Tensor images)
    {
        var features = _context.InBatches(images.shape[0], _network.Batch, "image", indices =>
            _network.Pool(images.index_select(0, indices)));
        using var quiet = no_grad();
        return (features, _network.Logits(features.to(_context.Device())).cpu());
    }

    public void Dispose() => _network.Dispose();
}
