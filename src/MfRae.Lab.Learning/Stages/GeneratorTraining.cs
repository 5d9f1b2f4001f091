using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>The parts that the three stages that train DiT^DH share. They differ in the network, its initial weights and the objective.</summary>
internal static class GeneratorTraining
{
    /// <summary>
    /// The training latents: those that the latent stage stored in one file or in shards, or the dataset's images, encoded when they are drawn,
    /// or fresh samples of an oracle.
    /// </summary>
    public static ILatentSource Source(StageContext context, int batchSize)
    {
        if (!context.HasInput(StageInput.Latents))
            return OracleFiles.Batches(context, batchSize);
        var stored = Path.Combine(context.Input(StageInput.Latents), LatentRunner.Latents);
        return File.Exists(stored)
            ? new LatentBatches(TensorFile.Open(stored), batchSize, context.Random(), context.Device())
            : LatentShards.Exist(context.Input(StageInput.Latents)) ? new DiskLatents(context, batchSize)
            : new EncodedImages(context, batchSize);
    }

    /// <summary>The latent shape and the number of classes that a generator for the stage's training latents needs.</summary>
    public static (LatentShape Shape, int Classes) Latents(StageContext context)
    {
        using var scope = NewDisposeScope();
        var folder = context.Input(StageInput.Latents);
        var shape = LatentStatistics.Load(Path.Combine(folder, LatentRunner.Statistics)).Mean.shape;
        var stored = Path.Combine(folder, LatentRunner.Latents);
        if (File.Exists(stored))
            return (new(shape[0], shape[1], shape[2]), (int)TensorFile.Open(stored)["labels"].max().item<long>() + 1);
        if (LatentShards.Exist(folder))
            return (new(shape[0], shape[1], shape[2]), LatentShards.Load(folder).Classes(folder));
        using var images = DatasetFiles.Open(context, DatasetFiles.Train);
        return (new(shape[0], shape[1], shape[2]), (int)images.Classes);
    }

    /// <summary>The network that another stage trained or loaded.</summary>
    public static (GeneratorNetwork Network, Weights Weights) Load(
        StageContext context, string input, ScalarType type = ScalarType.Float32) =>
        NetworkFiles.LoadGenerator(Path.Combine(context.Input(input), NetworkFiles.Generator), context.Device(), type);

    /// <summary>The network that another stage trained or loaded, for training on these latents.</summary>
    /// <exception cref="LabException">The network is for latents of another shape or another number of classes.</exception>
    public static (GeneratorNetwork Network, Weights Weights) Load(
        StageContext context, string input, ILatentSource source, TrainingOptions training)
    {
        var loaded = Load(context, input);
        loaded.Weights.Precision = Precision.ForTraining(training.Precision, context.Device());
        var network = loaded.Network;
        return network.Shape == source.Shape && network.Classes == source.Classes
            ? loaded
            : throw new LabException(
                $"the network of the {input} stage is for {Text(network.Shape, network.Classes)}; the training data have "
                    + $"{Text(source.Shape, source.Classes)}");
    }

    /// <summary>Trains the network with the objective of its options, and saves the averaged weights and their snapshots.</summary>
    /// <param name="start">Weights to copy where name and shape match; null: random weights.</param>
    /// <param name="freesStart">Whether nothing else needs these weights: they are freed before the training.</param>
    /// <param name="teacher">v_φ without guidance, or null.</param>
    /// <param name="ranks">The processes that train together.</param>
    public static void Train(
        StageContext context,
        ICollective ranks,
        ITrained options,
        GeneratorNetwork network,
        Weights? start,
        VelocityField? teacher,
        ILatentSource source,
        bool freesStart = false)
    {
        var spec = network.Declare();
        using var scope = NewDisposeScope();
        using var weights = Weights.Initialise(spec, context.Random(), context.Device());
        if (start is not null)
            weights.CopyMatching(start);
        if (freesStart)
            start?.Dispose();
        var objective = IObjective.Create(options, network, teacher, source);
        var snapshots = new Snapshots(
            SnapshotSteps.Of(options.Training.Steps, (options as IMeanFlowTraining)?.Snapshots ?? 0),
            (step, average) => NetworkFiles.Save(context.File(NetworkFiles.Snapshot(step)), network, average));
        using var quality = options is IMeanFlowTraining { Watch: { } watch } ? new QualityWatch(context, watch, network) : null;
        using var trained = new Trainer(options.Training, context, ranks).Run(spec, weights, objective, snapshots, quality?.Watch);
        NetworkFiles.Save(context.File(NetworkFiles.Generator), network, trained);
    }

    private static string Text(LatentShape shape, int classes) =>
        $"latents of shape [{shape.Channels}, {shape.Rows}, {shape.Columns}] in {classes} classes";
}

/// <summary>Loads or trains the flow-matching teacher v_φ.</summary>
internal sealed class TeacherRunner(TeacherOptions options, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        switch (options)
        {
            case PretrainedTeacherOptions pretrained:
                Pretrained.Generator(context, pretrained, interval: false);
                break;
            case OracleTeacherOptions oracle:
                OracleFiles.Save(context, oracle.Bias);
                break;
            case FlowMatchingOptions flow:
                Train(flow, context, ranks);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(FlowMatchingOptions flow, StageContext context, ICollective ranks)
    {
        using var scope = NewDisposeScope();
        using var source = GeneratorTraining.Source(context, flow.Training.BatchSize);
        var network = GeneratorNetwork.Create(flow.Network, source.Shape, source.Classes, interval: false);
        GeneratorTraining.Train(context, ranks, flow, network, start: null, teacher: null, source);
    }
}

/// <summary>Consistency mid-training of a mean-flow network that starts as the teacher, or its network from a file.</summary>
internal sealed class CmtRunner(CmtOptions options, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        if (options is PretrainedCmtOptions pretrained)
        {
            Pretrained.Generator(context, pretrained, interval: true);
            return;
        }

        using var scope = NewDisposeScope();
        var cmt = (ITrained)options;
        using var source = GeneratorTraining.Source(context, cmt.Training.BatchSize);
        var (teacher, teacherWeights) = GeneratorTraining.Load(context, StageInput.Teacher, source, cmt.Training);
        using var frozen = teacherWeights;
        Tensor Velocity(Tensor z, Tensor t, Tensor y) => teacher.Velocity(frozen, z, t, y);
        GeneratorTraining.Train(context, ranks, cmt, teacher.WithInterval(), frozen, Velocity, source);
    }
}

/// <summary>Trains a mean-flow network that starts from CMT, from the teacher or from random weights, or loads it from a file.</summary>
internal sealed class MeanFlowRunner(MeanFlowOptions options, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        if (options is PretrainedMeanFlowOptions pretrained)
        {
            Pretrained.Generator(context, pretrained, interval: true);
            return;
        }

        using var scope = NewDisposeScope();
        var meanFlow = (IMeanFlowTraining)options;
        using var source = GeneratorTraining.Source(context, meanFlow.Training.BatchSize);
        var oracle = context.HasInput(StageInput.Teacher) ? OracleFiles.Teacher(context)?.Field : null;
        (GeneratorNetwork Network, Weights Weights)? teacher = context.HasInput(StageInput.Teacher) && oracle is null
            ? GeneratorTraining.Load(context, StageInput.Teacher, source, meanFlow.Training)
            : null;
        using var teacherWeights = teacher?.Weights;
        var start = meanFlow.Initialisation switch
        {
            "cmt" => GeneratorTraining.Load(context, StageInput.Cmt, source, meanFlow.Training),
            "teacher" => teacher,
            _ => null,
        };
        using var startWeights = start?.Weights;
        // A network that starts from another network has the size of that network.
        var network = GeneratorNetwork.Create(start?.Network.Options ?? meanFlow.Network, source.Shape, source.Classes, interval: true);
        var velocity = teacher is { } given ? (z, t, y) => given.Network.Velocity(given.Weights, z, t, y) : oracle;
        GeneratorTraining.Train(
            context, ranks, meanFlow, network, start?.Weights, velocity, source, freesStart: startWeights != teacherWeights);
    }
}
