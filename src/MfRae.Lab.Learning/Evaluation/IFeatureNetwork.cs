using MfRae.Lab.Learning.Data;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A network that images are measured by.</summary>
internal interface IFeatureNetwork : IDisposable
{
    /// <summary>SHA-256 of the weights file that the network was first read from.</summary>
    string Identity { get; }

    /// <summary>Of the images it takes: 1 or 3, where grey is repeated to three.</summary>
    long Channels { get; }

    /// <summary>The classes that it predicts, by the names that a dataset with numbers for names gives them; null where they are others.</summary>
    IReadOnlyList<string>? Classes => null;

    /// <summary>What is done to images of a shape before the network, in words that are stored with every number.</summary>
    string Preprocessing(ImageShape image);

    /// <summary>Images at a time that are fast and fit into memory.</summary>
    long Batch { get; }

    /// <summary>
    /// images uint8 [B, 1 or 3, H, W], anywhere → what the network says of each, whatever the others are. Belongs to the caller's
    /// dispose scope.
    /// </summary>
    FeatureBatch Extract(Tensor images);
}
