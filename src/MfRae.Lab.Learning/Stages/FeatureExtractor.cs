using System.Security.Cryptography;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The feature network of a stage's inputs, with the identity that its numbers carry.</summary>
internal sealed class FeatureExtractor : IDisposable
{
    private const int Batch = 250;

    private readonly StageContext _context;
    private readonly InceptionNetwork _network;
    private readonly Weights _weights;

    private FeatureExtractor(StageContext context, InceptionNetwork network, Weights weights, string identity)
    {
        _context = context;
        _network = network;
        _weights = weights;
        Identity = identity;
    }

    /// <summary>SHA-256 of the weights file.</summary>
    public string Identity { get; }

    /// <summary>What is done to images before the network.</summary>
    public static string Preprocessing => "uint8, 28x28, [-1, 1]";

    public static FeatureExtractor Load(StageContext context)
    {
        var path = Path.Combine(context.Input(StageInput.Features), NetworkFiles.Features);
        var (network, weights) = NetworkFiles.LoadFeatures(path, context.Device());
        return new(context, network, weights, Hash(path));
    }

    public static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>images uint8 [N, 1, 28, 28] → features [N, F] and logits [N, classes], on the CPU.</summary>
    public (Tensor Features, Tensor Logits) Extract(Tensor images)
    {
        var device = _context.Device();
        var features = _context.InBatches(images.shape[0], Batch, "image", indices =>
            _network.Pool(_weights, LabeledImages.ToUnit(images.index_select(0, indices)).to(device)));
        using var quiet = no_grad();
        return (features, InceptionNetwork.Logits(_weights, features.to(device)).cpu());
    }

    public void Dispose() => _weights.Dispose();
}
