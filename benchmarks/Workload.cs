using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>A network of one size, latents to train it on, and the lab's own trainer around the lab's own objectives.</summary>
internal sealed class Workload : IDisposable
{
    public const int Batch = 64;
    private const int Classes = 10;

    private readonly DitOptions _sizes;
    private readonly DitNetwork _teacher;
    private readonly Weights _teacherWeights;
    private readonly LatentBatches _batches;
    private readonly RandomSource _random = new(0, CPU);

    public Workload(string size)
    {
        // The network that is shipped, and one of the size that docs/method.md's costs were first measured on.
        (_sizes, var shape) = size switch
        {
            "default" => (new DitOptions(96, 4, 4, 128, 1, 4), new LatentShape(96, 4, 4)),
            "large" => (new DitOptions(192, 4, 6, 256, 1, 8), new LatentShape(16, 8, 8)),
            _ => throw new ArgumentException($"no size '{size}': default or large"),
        };
        _teacher = new DitNetwork(_sizes, shape, Classes, interval: false);
        _teacherWeights = Weights(_teacher);
        _batches = new LatentBatches(new TensorFile("latents", new Dictionary<string, Tensor>
        {
            ["latents"] = _random.Normal("latents", 0, 1024, shape.Channels, shape.Rows, shape.Columns),
            ["labels"] = arange(1024, dtype: ScalarType.Int64).remainder(Classes),
        }, new Dictionary<string, string>()), Batch, _random, CPU);
        Description = FormattableString.Invariant(
            $"{_teacherWeights.Flat.numel() / 1e6:F2}M parameters, {shape.Tokens} tokens × {shape.Channels}, batch {Batch}");
    }

    public string Description { get; }

    /// <summary>Trains from the start for some steps of a variant, and shows its objective to <paramref name="watch"/> before each.</summary>
    /// <param name="journal">Where the trainer reports; null: nowhere.</param>
    /// <param name="memory">How steps exchange time for memory; null: not at all.</param>
    public void Train(
        Variant variant, int steps, Action<long> watch, IJournal? journal = null, int logEvery = 10, StepMemory? memory = null)
    {
        using var scope = NewDisposeScope();
        var training = new TrainingOptions(steps, Batch);
        var network = variant.Derivative is null ? _teacher : _teacher.WithInterval();
        using var weights = Weights(network);
        var objective = new WatchedObjective(Objective(variant, network, training), watch);
        using var folder = new TemporaryFolder();
        using var average = new Trainer(training, Context(folder.Path, journal, logEvery, memory)).Run(network.Declare(), weights, objective);
        watch(steps);
    }

    /// <summary>Loss and gradient of the first step, in float32, in the caller's dispose scope.</summary>
    public (double Loss, Tensor Gradient) Gradient(Variant variant, StepMemory memory)
    {
        var network = variant.Derivative is null ? _teacher : _teacher.WithInterval();
        using var weights = Weights(network);
        weights.Train();
        using var folder = new TemporaryFolder();
        var value = new StepGradient(Objective(variant, network, new(1, Batch)), weights, Context(folder.Path, null, 1, memory))
            .Compute(0, unweighted: false);
        return (value.Loss.item<float>(), weights.Gradient!.clone());
    }

    /// <summary>The weights after some steps in float64, in the caller's dispose scope.</summary>
    public Tensor Trained(Variant variant, StepMemory memory, int steps)
    {
        var network = variant.Derivative is null ? _teacher : _teacher.WithInterval();
        using var weights = Weights(network, ScalarType.Float64);
        using var teacherWeights = Weights(_teacher, ScalarType.Float64);
        using var folder = new TemporaryFolder();
        var training = new TrainingOptions(steps, Batch);
        using var average = new Trainer(training, Context(folder.Path, null, steps, memory))
            .Run(network.Declare(), weights, Objective(variant, network, training, teacherWeights));
        return weights.Flat.clone();
    }

    public void Dispose() => _teacherWeights.Dispose();

    private IObjective Objective(Variant variant, GeneratorNetwork network, TrainingOptions training, Weights? teacherWeights = null) => variant.Derivative is { } derivative
        ? new MeanFlowObjective(
            new LambdaMeanFlowOptions(
                1, _sizes, new UniformTimeOptions(), derivative, new AdaptiveLossWeightOptions(), training, EqualFraction: variant.EqualFraction),
            network, (z, t, y) => _teacher.Velocity(teacherWeights ?? _teacherWeights, z, t, y), _batches)
        : new FlowMatchingObjective(new(_sizes, new UniformTimeOptions(), training), network, _batches);

    // No layer is left at zero, as some are where training starts.
    private Weights Weights(GeneratorNetwork network, ScalarType type = ScalarType.Float32)
    {
        var weights = Learning.Networks.Weights.Initialise(network.Declare(), _random, CPU, type);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        weights.Flat.add_(_random.Normal("perturb", 0, weights.Flat.shape) * 0.02);
        return weights;
    }

    private static StageContext Context(string folder, IJournal? journal, int logEvery, StepMemory? memory) => BenchmarkStage.Training(
        folder,
        new(
            Device: "cpu", LogEvery: logEvery, CheckpointSeconds: int.MaxValue, MicroBatch: (int)(memory?.Samples ?? 0),
            Recompute: memory?.Recompute ?? false),
        journal);
}
