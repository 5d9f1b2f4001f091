using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Cross-entropy with label smoothing on augmented images: trains the feature network.</summary>
public sealed class ClassificationObjective(
    InceptionOptions options, InceptionNetwork network, IImageSource data, RandomSource random, Device device) : IObjective, IDisposable
{
    private readonly ImageBatches _batches = new(data, options.Training.BatchSize, random);
    private readonly Augmenter _augmenter = new(options.Augmentation, random);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        var (pixels, labels) = _batches.Draw(step, device);
        var views = _augmenter.View(pixels, "view", step);
        var logits = InceptionNetwork.Logits(weights, network.Pool(weights, views, training: true));
        var loss = F.cross_entropy(logits, labels, label_smoothing: options.LabelSmoothing);
        return new(loss, ("accuracy", (logits.argmax(1) == labels).to(float32).mean()));
    }

    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();
}
