using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>A network that images are measured by.</summary>
internal interface IFeatureNetwork : IDisposable
{
    /// <summary>SHA-256 of the weights file that the network was first read from.</summary>
    string Identity { get; }

    /// <summary>What is done to images before the network, in words that are stored with every number.</summary>
    string Preprocessing { get; }

    /// <summary>Images at a time that are fast and fit into memory.</summary>
    long Batch { get; }

    /// <summary>images uint8 [B, 1 or 3, H, W], anywhere → features [B, F].</summary>
    Tensor Pool(Tensor images);

    /// <summary>Features [N, F] → class scores [N, classes].</summary>
    Tensor Logits(Tensor features);
}
