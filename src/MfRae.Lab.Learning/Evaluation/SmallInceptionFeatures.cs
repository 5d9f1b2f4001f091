using System.Globalization;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The lab's own Inception network for small images.</summary>
internal sealed class SmallInceptionFeatures(InceptionNetwork network, Weights weights, string identity) : IFeatureNetwork
{
    public string Identity { get; } = identity;

    public long Channels => network.Channels;

    public IReadOnlyList<string> Classes { get; } =
        [.. Enumerable.Range(0, network.Classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];

    /// <summary>What the network does to images, and what figures without a feature network are computed from too.</summary>
    public static string PixelValues(ImageShape image) =>
        FormattableString.Invariant($"uint8, {image.Rows}x{image.Columns}{(image.Channels == 1 ? "" : " RGB")}, [-1, 1]");

    public string Preprocessing(ImageShape image) => PixelValues(image with { Channels = Channels })
        + (image.Channels < Channels ? ", grey repeated to RGB" : "");

    public long Batch => 250;

    public FeatureBatch Extract(Tensor images)
    {
        var features = network.Pool(weights, LabeledImages.ToUnit(images).to(weights.Device).expand(-1, Channels, -1, -1));
        return new(features, InceptionNetwork.Logits(weights, features));
    }

    public void Dispose() => weights.Dispose();
}
