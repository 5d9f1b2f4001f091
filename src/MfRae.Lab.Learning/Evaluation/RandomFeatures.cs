using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The untrained feature network; grey images are repeated to three channels.</summary>
internal sealed class RandomFeatures : IFeatureNetwork
{
    private readonly RandomConvolution _network;
    private readonly Weights _weights;

    private RandomFeatures(RandomConvolution network, Weights weights, string identity) =>
        (_network, _weights, Identity) = (network, weights, identity);

    public string Identity { get; }

    public long Channels => 3;

    public long Batch => SmallInceptionFeatures.BatchOn(_weights.Device);

    public string Preprocessing(ImageShape image) =>
        FormattableString.Invariant($"uint8, {image.Rows}x{image.Columns}, grey repeated to RGB, [-1, 1]");

    /// <summary>Loads a file that a feature stage wrote. Its hash is a function of the options of the network.</summary>
    /// <exception cref="LabException">The file does not hold such a network.</exception>
    public static RandomFeatures Load(TensorFile file, string path, Device device)
    {
        var network = NetworkMetadata.RandomFeatures(file);
        return new(network, Networks.Weights.Load(network.Declare(), file, device), FileHash.Of(path));
    }

    public FeatureBatch Extract(Tensor images) =>
        new(_network.Pool(_weights, LabeledImages.ToUnit(images).to(_weights.Device).expand(-1, Channels, -1, -1)));

    public void Dispose() => _weights.Dispose();
}
