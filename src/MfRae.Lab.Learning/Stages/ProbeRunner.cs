using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Probes the encoder's latents, all tokens side by side as the generator models them, beside raw pixels and the same
/// network untrained.
/// </summary>
internal sealed class ProbeRunner : IStage
{
    private const int Batch = 500;

    public void Run(StageContext context)
    {
        var device = context.Device();
        var folder = context.Input(StageInput.Dataset);
        using var train = LabeledImages.Load(Path.Combine(folder, "train.safetensors"));
        using var test = LabeledImages.Load(Path.Combine(folder, "test.safetensors"));
        var (network, weights) = NetworkFiles.LoadEncoder(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder), device);
        using var trained = weights;
        using var untrained = Weights.Initialise(network.Declare(), context.Random(), device);

        Tensor Features(LabeledImages images, Weights encoder) => context.InBatches(images.Count, Batch, "image",
            indices => network.Encode(encoder, images.Pixels(indices, device)).flatten(1));
        Tensor Pixels(LabeledImages images) =>
            context.InBatches(images.Count, Batch, "image", indices => images.Pixels(indices, device).flatten(1));

        Measure(context, "encoder", train, test, images => Features(images, trained));
        Measure(context, "pixels", train, test, Pixels);
        Measure(context, "untrained", train, test, images => Features(images, untrained));
    }

    private static void Measure(
        StageContext context, string what, LabeledImages train, LabeledImages test, Func<LabeledImages, Tensor> features)
    {
        using var gallery = features(train);
        using var queries = features(test);
        context.MeasuredShare("knn." + what, Probes.NearestNeighbours(gallery, train.Labels, queries, test.Labels), test.Count);
        context.MeasuredShare("linear." + what, Probes.Linear(gallery, train.Labels, queries, test.Labels), test.Count);
    }
}
