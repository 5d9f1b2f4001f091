using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>A network with one objective of the lab on random data. All numbers are functions of the kind and the sizes.</summary>
internal sealed class SelfTestStep : IDisposable
{
    public const string Central = "MeanFlow with central differences";
    public const int Classes = 10;
    public const int DefaultBatch = 64;

    private const long Images = 256;
    private const double Perturbation = 0.02;
    private const double LearningRate = 1e-4;
    private static readonly TrainingOptions Training = new(Steps: 100, BatchSize: DefaultBatch, LearningRate: LearningRate);

    private readonly List<IDisposable> _owned;
    private readonly IObjective _objective;
    private readonly AdamW _optimizer;

    private SelfTestStep(Weights weights, IObjective objective, params List<IDisposable> owned)
    {
        (Weights, _objective, _owned) = (weights, objective, owned);
        Weights.Train();
        _optimizer = new(Training, Weights);
    }

    /// <summary>The names of all objectives; MeanFlow has one for each way to differentiate.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "flow matching", "CMT", Central, "MeanFlow with forward mode", "MeanFlow with double backward", "classification",
        "contrastive learning", "reconstruction",
    ];

    public Weights Weights { get; }

    public static SelfTestStep Create(string kind, DitOptions sizes, LatentShape shape, int batch, Device device)
    {
        using var scope = NewDisposeScope();
        var random = new RandomSource(0, device, "self-test");
        return kind switch
        {
            "classification" or "contrastive learning" or "reconstruction" => OnImages(kind, batch, random, device),
            _ => OnLatents(kind, sizes, shape, batch, random, device),
        };
    }

    /// <summary>Initial weights without layers at zero, as some are where training starts: a gradient reaches every layer.</summary>
    public static Weights WeightsOf(WeightSpec spec, Device device, ScalarType type = ScalarType.Float32)
    {
        // Drawn on the CPU, so that all devices have the same weights.
        var random = new RandomSource(0, CPU, "self-test");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var weights = Networks.Weights.Initialise(spec, random, device, type);
        weights.Flat.add_(random.Normal("perturbation", 0, weights.Flat.shape).mul_(Perturbation).to(type).to(device));
        return weights;
    }

    /// <summary>The loss and the gradient of a step, on the CPU.</summary>
    public (double Loss, Tensor Gradient) Evaluate(long step)
    {
        var loss = Differentiate(step);
        return (loss.item<float>(), Weights.Gradient!.cpu().clone());
    }

    /// <summary>A step with an update of the weights.</summary>
    public void Update(long step)
    {
        using var scope = NewDisposeScope();
        Differentiate(step);
        using var quiet = no_grad();
        _optimizer.Step(step, LearningRate);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Weights.Dispose();
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private Tensor Differentiate(long step)
    {
        Weights.Gradient!.zero_();
        var loss = _objective.Evaluate(Weights, step).Loss;
        loss.backward();
        return loss.detach();
    }

    private static SelfTestStep OnLatents(
        string kind, DitOptions sizes, LatentShape shape, int batch, RandomSource random, Device device)
    {
        var training = Training with { BatchSize = batch };
        var source = new LatentBatches(new TensorFile("latents", new Dictionary<string, Tensor>
        {
            ["latents"] = new RandomSource(0, CPU).Normal("latents", 0, Images, shape.Channels, shape.Rows, shape.Columns),
            ["labels"] = arange(Images, dtype: ScalarType.Int64).remainder(Classes),
        }, new Dictionary<string, string>()), batch, random, device);
        var teacher = new DitNetwork(sizes, shape, Classes, interval: false);
        var frozen = WeightsOf(teacher.Declare(), device);
        Tensor Velocity(Tensor z, Tensor t, Tensor y) => teacher.Velocity(frozen, z, t, y);
        ITrained options = kind switch
        {
            "flow matching" => new FlowMatchingOptions(sizes, new UniformTimeOptions(), training),
            "CMT" => new TrajectoryCmtOptions(training, TrajectoryPoints: 4, PairsPerTrajectory: 2),
            Central => MeanFlow(new CentralDifferenceOptions()),
            "MeanFlow with forward mode" => MeanFlow(new JvpOptions()),
            "MeanFlow with double backward" => MeanFlow(new JvpDoubleBackwardOptions()),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown objective"),
        };
        var network = options is FlowMatchingOptions ? teacher : teacher.WithInterval();
        return new(WeightsOf(network.Declare(), device), IObjective.Create(options, network, Velocity, source), source, frozen);

        LambdaMeanFlowOptions MeanFlow(DerivativeOptions derivative) =>
            new(1, sizes, new UniformTimeOptions(), derivative, new AdaptiveLossWeightOptions(), training, EqualFraction: 0.5);
    }

    private static SelfTestStep OnImages(string kind, int batch, RandomSource random, Device device)
    {
        var training = Training with { BatchSize = batch };
        var shape = ImageShape.Mnist;
        var data = new LabeledImages(
            new RandomSource(0, CPU).Integers("images", 0, byte.MaxValue + 1, Images, shape.Channels, shape.Rows, shape.Columns).to(ScalarType.Byte)
                .DetachFromDisposeScope(),
            arange(Images, dtype: ScalarType.Int64).remainder(Classes).DetachFromDisposeScope());
        var encoder = new VitEncoder(new VitOptions(Width: 24, Depth: 1, Heads: 2));
        switch (kind)
        {
            case "classification":
                var classifier = new InceptionNetwork(8, Classes);
                var classification = new ClassificationObjective(
                    new(training, new AugmentationOptions(), Width: 8), classifier, data, random, device);
                return new(WeightsOf(classifier.Declare(), device), classification, classification, data);
            case "contrastive learning":
                var contrast = new ContrastiveObjective(
                    new(encoder.Options, new AugmentationOptions(), training), encoder, data, random, device);
                return new(WeightsOf(contrast.Declare(), device), contrast, contrast, data);
            default:
                var decoder = new RaeDecoder(new DecoderNetworkOptions(Width: 24, Depth: 1, Heads: 2, Channels: 4), encoder.Shape, shape);
                var frozen = WeightsOf(encoder.Declare(), device);
                var reconstruction = new ReconstructionObjective(
                    new(decoder.Options, training), decoder, encoder, frozen, data, random, device);
                return new(WeightsOf(decoder.Declare(), device), reconstruction, reconstruction, frozen, data);
        }
    }
}
