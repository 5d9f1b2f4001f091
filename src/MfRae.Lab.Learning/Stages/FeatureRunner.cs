using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the feature network. A trained network is measured on the test set.</summary>
internal sealed class FeatureRunner(FeatureOptions options) : IStage
{
    private const int TestBatch = 500;

    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Features);
        switch (options)
        {
            case PretrainedFeatureOptions pretrained:
                FeatureNetworks.Load(context.Resolve(pretrained.Weights), CPU).Dispose();
                File.Copy(context.Resolve(pretrained.Weights), path, overwrite: true);
                break;
            case FidInceptionOptions fid:
                FidInceptionFeatures.Import(context.Resolve(fid.Weights), fid.Resizing, path);
                break;
            case Dinov2FeatureOptions dinov2:
                Dinov2Features.Import(context.Resolve(dinov2.Weights), path);
                break;
            case TorchScriptFeatureOptions script:
                TorchScriptFile.Import(
                    context.Resolve(script.Weights), new(script.Size, script.Mean ?? [0, 0, 0], script.Deviation ?? [1, 1, 1]), path);
                break;
            case RandomConvolutionOptions random:
                Initialise(new(random), path);
                break;
            case InceptionOptions inception:
                Train(inception, context, path);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Initialise(RandomConvolution network, string path)
    {
        using var weights = network.Weights(CPU);
        NetworkFiles.Save(path, network, weights);
    }

    private static void Train(InceptionOptions options, StageContext context, string path)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var network = new InceptionNetwork(options.Width, (int)data.Classes, (int)data.Shape.Channels);
        var spec = network.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var objective = new ClassificationObjective(options, network, data, context.Random(), device);
        using var trained = new Trainer(options.Training, context).Run(spec, weights, objective);
        NetworkFiles.Save(path, network, trained, data.Shape);

        using var test = DatasetFiles.Open(context, DatasetFiles.Test);
        using var predicted = context.InBatches(test, TestBatch, bytes =>
            InceptionNetwork.Logits(trained, network.Pool(trained, LabeledImages.ToUnit(bytes).to(device))).argmax(1));
        context.MeasuredShare("testAccuracy", (predicted == test.Labels).to(float64).mean().item<double>(), test);
    }
}

/// <summary>The feature network of a stage's inputs, with the identity of its numbers.</summary>
internal sealed class FeatureExtractor : IDisposable
{
    private readonly StageContext _context;
    private readonly IFeatureNetwork _network;
    private readonly ICollective _ranks;

    private FeatureExtractor(StageContext context, IFeatureNetwork network, ICollective ranks) =>
        (_context, _network, _ranks) = (context, network, ranks);

    /// <summary>SHA-256 of the weights file.</summary>
    public string Identity => _network.Identity;

    /// <summary>The number of features of an image, from a blank one.</summary>
    public long Width
    {
        get
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            var image = ImageShape.Mnist;
            return _network.Extract(zeros([1, _network.Channels, image.Rows, image.Columns], dtype: uint8)).Features.shape[1];
        }
    }

    /// <summary>The preprocessing of images, in words.</summary>
    public string Preprocessing(ImageShape image) => _network.Preprocessing(image);

    /// <summary>Loads the network.</summary>
    /// <param name="input">The input of the stage: its features, or its second features.</param>
    /// <param name="ranks">The processes that divide the images among them, and all receive all features; null: only this one.</param>
    public static FeatureExtractor Load(StageContext context, string input = StageInput.Features, ICollective? ranks = null) => new(
        context, FeatureNetworks.Load(Path.Combine(context.Input(input), NetworkFiles.Features), context.Device()), ranks ?? new OneProcess());

    /// <summary>Features [N, F] and logits [N, classes] or null, on the CPU, in the caller's dispose scope.</summary>
    /// <param name="spatial">Receives the maps [B, S] for sFID, batch by batch.</param>
    public (Tensor Features, Tensor? Logits) Extract(IImageSource images, Action<Tensor>? spatial = null)
    {
        using var collected = new FeatureCollector(images.Count, spatial);
        Visit(images, (_, batch) => collected.Add(batch));
        // Other handles of the same memory, which belong to the caller's scope.
        return (collected.Features.alias(), collected.Logits?.alias());
    }

    /// <summary>Visits the features of batches of images in order, each with the number of its first image. No features are kept.</summary>
    public void Visit(IImageSource images, Action<long, FeatureBatch> take)
    {
        var size = images.Shape.Batch(_network.Batch);
        _context.EachBatch(
            _ranks, 0, images.Count, size, "image",
            (_, indices) =>
            {
                var batch = Checked(_network.Extract(images.Next(indices, size, _ranks.Count)));
                return [batch.Features, batch.Logits ?? empty(0), batch.Spatial ?? empty(0)];
            },
            (start, batch) => take(start, new(batch[0], OrNull(batch[1]), OrNull(batch[2]))));
    }

    private static Tensor? OrNull(Tensor rows) => rows.shape[0] > 0 ? rows : null;

    private static FeatureBatch Checked(FeatureBatch batch)
    {
        Finite.Require(batch.Features, "the features of images");
        if (batch.Logits is { } logits)
            Finite.Require(logits, "the class scores of images");
        if (batch.Spatial is { } spatial)
            Finite.Require(spatial, "the spatial features of images");
        return batch;
    }

    /// <summary>FID of images with increasing noise and blur, against statistics of the unchanged images.</summary>
    public CorruptionSweep SweepCorruptions(IImageSource images, FeatureStatistics statistics)
    {
        var set = new ImageSet("the dataset", images, "", null, index => $"image {index}");
        var progress = new SweepProgress(_context);
        return new CorruptionEvaluator(_network, "features", MeasurementSetting.LadderSeed, batch: 0, progress, _context.Stop).Run(set, statistics);
    }

    public void Dispose() => _network.Dispose();

    private sealed class SweepProgress(StageContext context) : IEvaluationProgress
    {
        public void Step(string what, long done, long total) => context.Progress(done, total, "image");

        public void Say(string line)
        {
            // A corruption sweep has no lines for the user.
        }
    }
}
