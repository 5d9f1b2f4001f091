using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the encoder, which is frozen in later stages.</summary>
internal sealed class EncoderRunner(EncoderOptions options, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Encoder);
        switch (options)
        {
            case PretrainedEncoderOptions pretrained:
                Pretrained.Encoder(context, pretrained, path);
                break;
            case Dinov2EncoderOptions dinov2:
                Pretrained.Encoder(context, dinov2, path);
                break;
            case SelfSupervisedEncoderOptions selfSupervised:
                Train(selfSupervised, context, path);
                break;
            case AutoencoderKlEncoderOptions autoencoder:
                Pretrained.Autoencoder(context, autoencoder, Image(context));
                break;
            case VariationalEncoderOptions variational:
                Train(variational, context, ranks);
                break;
            case PixelEncoderOptions:
                var pixels = new PixelEncoder(Image(context));
                using (NewDisposeScope())
                using (var none = Weights.Initialise(pixels.Declare(), new RandomSource(0, CPU), CPU))
                    NetworkFiles.Save(path, pixels, none);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static ImageShape Image(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        return data.Shape;
    }

    private static void Train(VariationalEncoderOptions options, StageContext context, ICollective ranks)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var encoder = new AutoencoderKlEncoder(options.Network, data.Shape, scale: 1);
        var decoder = new AutoencoderKlDecoder(options.Network, data.Shape, scale: 1);
        using var objective = new AutoencoderObjective(options, encoder, decoder, data, context.Random(), device);
        var spec = objective.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var trained = new Trainer(options.Training, context, ranks).Run(spec, weights, objective);
        Pretrained.SaveHalves(context, encoder, decoder, trained);
    }

    private static void Train(SelfSupervisedEncoderOptions options, StageContext context, string path)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var encoder = new VitEncoder(options.Network, data.Shape);
        using var objective = new ContrastiveObjective(options, encoder, data, context.Random(), device);
        var spec = objective.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);

        // The heads of the pre-training are not part of the encoder.
        using var encoderWeights = Weights.Initialise(encoder.Declare(), context.Random(), device);
        encoderWeights.CopyMatching(trained);
        NetworkFiles.Save(path, encoder, encoderWeights);
    }
}

/// <summary>
/// Probes the encoder's latents, with all tokens in one vector as the generator models them, and for comparison raw pixels and the
/// untrained network.
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
