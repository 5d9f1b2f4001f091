using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
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
    public string Preprocessing(ImageShape image) => _network.Preprocessing(image);

    public static FeatureExtractor Load(StageContext context) => new(context, FeatureNetworks.Load(
        Path.Combine(context.Input(StageInput.Features), NetworkFiles.Features), context.Device()));

    /// <summary>images uint8 [N, 1 or 3, H, W] → features [N, F] and logits [N, classes] or null, on the CPU.</summary>
    /// <param name="spatial">Takes the maps [B, S] that sFID sees, batch by batch.</param>
    public (Tensor Features, Tensor? Logits) Extract(Tensor images, Action<Tensor>? spatial = null)
    {
        var collected = new FeatureCollector(images.shape[0], spatial);
        using var none = _context.InBatches(images.shape[0], _network.Batch, "image", indices =>
        {
            collected.Add(_network.Extract(images.index_select(0, indices)));
            return empty([indices.shape[0], 0]);
        });
        return (collected.Features, collected.Logits);
    }

    /// <summary>The same of images that may have to be decoded.</summary>
    public (Tensor Features, Tensor? Logits) Extract(IImageSource images, Action<Tensor>? spatial = null)
    {
        var collected = new FeatureCollector(images.Count, spatial);
        _context.ForBatches(images, _network.Batch, bytes => collected.Add(_network.Extract(bytes)));
        return (collected.Features, collected.Logits);
    }

    public void Dispose() => _network.Dispose();
}
