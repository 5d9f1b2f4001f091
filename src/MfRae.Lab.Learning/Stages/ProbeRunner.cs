using MfRae.Lab.Core.Execution;
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
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var train = DatasetFiles.Open(context, DatasetFiles.Train);
        using var test = DatasetFiles.Open(context, DatasetFiles.Test);
        var (network, weights) = NetworkFiles.LoadEncoder(context, train.Shape);
        using var trained = weights;
        using var untrained = Weights.Initialise(network.Declare(), context.Random(), device);

        Tensor Seen(Tensor bytes) => LabeledImages.ToUnit(bytes).to(device);
        Tensor Features(IImageSource images, Weights encoder) =>
            context.InBatches(images, Batch, bytes => network.EncodeBytes(encoder, bytes).flatten(1));
        Tensor Pixels(IImageSource images) => context.InBatches(images, Batch, bytes => Seen(bytes).flatten(1));

        Measure(context, "encoder", train, test, images => Features(images, trained));
        Measure(context, "pixels", train, test, Pixels);
        Measure(context, "untrained", train, test, images => Features(images, untrained));
    }

    private static void Measure(
        StageContext context, string what, IImageSource train, IImageSource test, Func<IImageSource, Tensor> features)
    {
        using var gallery = features(train);
        using var queries = features(test);
        context.MeasuredShare("knn." + what, Probes.NearestNeighbours(gallery, train.Labels, queries, test.Labels), test);
        context.MeasuredShare("linear." + what, Probes.Linear(gallery, train.Labels, queries, test.Labels), test);
    }
}
