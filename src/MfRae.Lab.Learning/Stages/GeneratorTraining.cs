using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>What the three stages that train DiT^DH share.</summary>
internal static class GeneratorTraining
{
    /// <summary>
    /// The training latents: those that the latent stage kept, or the dataset's images, encoded as they are drawn, or fresh samples of
    /// an oracle.
    /// </summary>
    public static ILatentSource Source(StageContext context, int batchSize)
    {
        if (!context.HasInput(StageInput.Latents))
            return OracleFiles.Batches(context, batchSize);
        var kept = Path.Combine(context.Input(StageInput.Latents), LatentRunner.Latents);
        return File.Exists(kept)
            ? new LatentBatches(TensorFile.Open(kept), batchSize, context.Random(), context.Device())
            : new EncodedImages(context, batchSize);
    }

    /// <summary>What networks for these training latents are for.</summary>
    public static (LatentShape Shape, int Classes) Latents(StageContext context)
    {
        using var scope = NewDisposeScope();
        var shape = LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).Mean.shape;
        var kept = Path.Combine(context.Input(StageInput.Latents), LatentRunner.Latents);
        if (File.Exists(kept))
            return (new(shape[0], shape[1], shape[2]), (int)TensorFile.Open(kept)["labels"].max().item<long>() + 1);
        using var images = DatasetFiles.Open(context, DatasetFiles.Train);
        return (new(shape[0], shape[1], shape[2]), (int)images.Classes);
    }

    /// <summary>The network that another stage left.</summary>
    public static (DitNetwork Network, Weights Weights) Load(
        StageContext context, string input, ScalarType type = ScalarType.Float32) =>
        NetworkFiles.LoadGenerator(Path.Combine(context.Input(input), NetworkFiles.Generator), context.Device(), type);

    /// <summary>The network that another stage left, for training on these latents.</summary>
    /// <exception cref="LabException">It is a network for other latents: its weights could be taken over only in part.</exception>
    public static (DitNetwork Network, Weights Weights) Load(
        StageContext context, string input, ILatentSource batches, TrainingOptions training)
    {
        var loaded = Load(context, input);
        loaded.Weights.Precision = Precision.ForTraining(training.Precision, context.Device());
        var network = loaded.Network;
        return network.Shape == batches.Shape && network.Classes == batches.Classes
            ? loaded
            : throw new LabException(
                $"the network of the {input} stage is for {Text(network.Shape, network.Classes)}; the training data have "
                    + $"{Text(batches.Shape, batches.Classes)}");
    }

    /// <summary>Trains and leaves the averaged weights, those of so many snapshots on the way as well.</summary>
    public static void Train(
        StageContext context, TrainingOptions training, DitNetwork network, Weights? start, IObjective objective, int snapshots = 0)
    {
        var spec = network.Declare();
        using var scope = NewDisposeScope();
        using var weights = Weights.Initialise(spec, context.Random(), context.Device());
        if (start is not null)
            weights.CopyMatching(start);
        var kept = new Snapshots(SnapshotSteps.Of(training.Steps, snapshots), (step, average) =>
            NetworkFiles.Save(context.File(NetworkFiles.Snapshot(step)), network, average));
        using var trained = new Trainer(training, context).Run(spec, weights, objective, kept);
        NetworkFiles.Save(context.File(NetworkFiles.Generator), network, trained);
    }

    private static string Text(LatentShape shape, int classes) =>
        $"latents of shape [{shape.Channels}, {shape.Rows}, {shape.Columns}] in {classes} classes";
}

/// <summary>Loads or trains the flow-matching teacher v_φ.</summary>
internal sealed class TeacherRunner(TeacherOptions options) : IStage
{
    public void Run(StageContext context)
    {
        switch (options)
        {
            case PretrainedTeacherOptions pretrained:
                Pretrained.Teacher(context, pretrained, context.File(NetworkFiles.Generator));
                break;
            case OracleTeacherOptions oracle:
                OracleFiles.Save(context, oracle.Bias);
                break;
            case FlowMatchingOptions flow:
                Train(flow, context);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(FlowMatchingOptions options, StageContext context)
    {
        using var scope = NewDisposeScope();
        using var batches = GeneratorTraining.Source(context, options.Training.BatchSize);
        var network = new DitNetwork(options.Network, batches.Shape, batches.Classes, interval: false);
        GeneratorTraining.Train(context, options.Training, network, null, new FlowMatchingObjective(options, network, batches));
    }
}

/// <summary>Consistency mid-training: a mean-flow network that starts as the teacher.</summary>
internal sealed class CmtRunner(CmtOptions options) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var trajectory = (TrajectoryCmtOptions)options;
        using var batches = GeneratorTraining.Source(context, trajectory.Training.BatchSize);
        var (teacher, teacherWeights) = GeneratorTraining.Load(context, StageInput.Teacher, batches, trajectory.Training);
        using var frozen = teacherWeights;
        var network = teacher.WithInterval();
        Tensor Velocity(Tensor z, Tensor t, Tensor y) => teacher.Velocity(frozen, z, t, y);
        GeneratorTraining.Train(
            context, trajectory.Training, network, frozen, new CmtObjective(trajectory, network, Velocity, batches));
    }
}

/// <summary>Trains a mean-flow network with λ-mixing, from CMT, from the teacher or from random weights.</summary>
internal sealed class MeanFlowRunner(MeanFlowOptions options) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var lambda = (LambdaMeanFlowOptions)options;
        using var batches = GeneratorTraining.Source(context, lambda.Training.BatchSize);
        var oracle = context.HasInput(StageInput.Teacher) ? OracleFiles.Teacher(context)?.Field : null;
        (DitNetwork Network, Weights Weights)? teacher = context.HasInput(StageInput.Teacher) && oracle is null
            ? GeneratorTraining.Load(context, StageInput.Teacher, batches, lambda.Training)
            : null;
        using var teacherWeights = teacher?.Weights;
        var start = lambda.Initialisation switch
        {
            "cmt" => GeneratorTraining.Load(context, StageInput.Cmt, batches, lambda.Training),
            "teacher" => teacher,
            _ => null,
        };
        using var startWeights = start?.Weights;
        // A network that starts from another one has its size.
        var network = new DitNetwork(start?.Network.Options ?? lambda.Network, batches.Shape, batches.Classes, interval: true);
        var velocity = teacher is { } given ? (z, t, y) => given.Network.Velocity(given.Weights, z, t, y) : oracle;
        GeneratorTraining.Train(
            context, lambda.Training, network, start?.Weights, new MeanFlowObjective(lambda, network, velocity, batches), lambda.Snapshots);
    }
}
