using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
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
            weights.TakeOver(start);
        var kept = new Snapshots(SnapshotSteps.Of(training.Steps, snapshots), (step, average) =>
            NetworkFiles.Save(context.File(NetworkFiles.Snapshot(step)), network, average));
        using var trained = new Trainer(training, context).Run(spec, weights, objective, kept);
        NetworkFiles.Save(context.File(NetworkFiles.Generator), network, trained);
    }

    private static string Text(LatentShape shape, int classes) =>
        $"latents of shape [{shape.Channels}, {shape.Rows}, {shape.Columns}] in {classes} classes";
}
