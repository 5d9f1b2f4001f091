using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The lab's own Inception network for small images.</summary>
internal sealed class SmallInceptionFeatures(InceptionNetwork network, Weights weights, string identity) : IFeatureNetwork
{
    public string Identity { get; } = identity;

    /// <summary>What the network does to images, and what figures without a feature network are computed from too.</summary>
    public static string PixelValues(ImageShape image) =>
        FormattableString.Invariant($"uint8, {image.Rows}x{image.Columns}{(image.Channels == 1 ? "" : " RGB")}, [-1, 1]");

    public string Preprocessing(ImageShape image) => PixelValues(image);

    public long Batch => 250;

    public Tensor Pool(Tensor images) => network.Pool(weights, LabeledImages.ToUnit(images).to(weights.Device));

    public Tensor Logits(Tensor features) => InceptionNetwork.Logits(weights, features);

    public void Dispose() => weights.Dispose();
}
