using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The lab's own Inception network for 28×28 grey images.</summary>
internal sealed class SmallInceptionFeatures(InceptionNetwork network, Weights weights, string identity) : IFeatureNetwork
{
    /// <summary>What the network does to images, and what figures without a feature network are computed from too.</summary>
    public const string GreyValues = "uint8, 28x28, [-1, 1]";

    public string Identity { get; } = identity;

    public string Preprocessing => GreyValues;

    public long Batch => 250;

    public Tensor Pool(Tensor images) => network.Pool(weights, LabeledImages.ToUnit(images).to(weights.Device));

    public Tensor Logits(Tensor features) => InceptionNetwork.Logits(weights, features);

    public void Dispose() => weights.Dispose();
}
