using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Draws samples for each number of steps, all from the same noise and labels: samples.EVALUATIONS.safetensors with images
/// uint8 [N, C, H, W], labels and the first latents, and a sheet of the first images. The file's metadata describe the sampling. The
/// cost of an image at each number of evaluations is a measurement too. An interrupted stage keeps its samples and continues after them.
/// Several ranks draw batches at the same time, and rank 0 writes them in their order.
/// </summary>
/// <param name="ranks">The processes that draw the samples together.</param>
internal sealed class SamplingRunner(SamplingStage stage, ICollective ranks) : IStage
{
    /// <summary>Metadata of the samples: the scale of classifier-free guidance, and the label protocol.</summary>
    public const string GuidanceEntry = "guidance";
    public const string LabelsEntry = "labels";
    private const int SheetRows = 8;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (network, weights) = GeneratorTraining.Load(context, StageInput.Generator);
        using var loaded = weights;
        var generator = Generator(stage, network, weights);
        var noise = SampleNoise.Of(context, stage.Seed, stage.NoiseSet, stage.BatchSize, stage.Labels, stage.NoiseFile);
        using var drawing = new SampleDrawing(context, noise, stage.Bytes);
        var labels = noise.Labels(stage.Samples, network.Classes);

        foreach (var steps in stage.Steps)
        {
            var evaluations = Text(steps * generator.EvaluationsPerStep);
            Draw(context, drawing, generator, network.Shape, labels, steps, evaluations);
            if (ranks.Rank > 0)
                continue;

            using var images = Safetensors.Read(context.File(SampleFile.NameOf(evaluations)))["images"];
            var file = $"sheet.{evaluations}.png";
            var classes = drawing.WriteSheet(file, images, network.Classes, SheetRows);
            var guided = stage.Guidance is { } guidance ? $", guidance {Text(guidance.Scale)}" : "";
            context.Journal.Write(new ImageEvent($"samples@{evaluations}", file,
                $"{evaluations} network {(evaluations == "1" ? "evaluation" : "evaluations")} a sample{guided}{classes}"));
            Measure(context, SamplingCost.Of(network, drawing.Decoder, steps, stage.Solver, stage.Guidance));
        }

        ranks.EndOthers();
    }

    private void Draw(
        StageContext context, SampleDrawing drawing, FewStepGenerator generator, LatentShape shape, Tensor labels, int steps,
        string evaluations)
    {
        var kept = Math.Min(stage.KeptLatents, stage.Samples);
        using var samples = ranks.Rank == 0 ? Open(context, drawing.Decoder.Image, shape, labels, kept, evaluations) : null;
        if (samples?.Done > 0)
            context.Journal.Write(new ResumedEvent(samples.Done));
        try
        {
            context.EachBatch(
                ranks, samples?.Done ?? 0, stage.Samples, stage.BatchSize, $"sample of {steps} steps",
                (round, indices) =>
                {
                    var (latents, images) = drawing.Draw(generator, shape, labels, indices, steps);
                    return [images, round < kept ? latents : latents.narrow(0, 0, 0)];
                },
                (_, drawn) => samples?.Add(drawn[0], drawn[1]));
        }
        catch (OperationCanceledException)
        {
            samples?.Keep();
            throw;
        }
        samples?.Complete();
    }

    private SampleFile Open(StageContext context, ImageShape image, LatentShape shape, Tensor labels, int kept, string evaluations) => new(
        context, evaluations, stage.BatchSize, [stage.Samples, image.Channels, image.Rows, image.Columns], labels,
        [kept, shape.Channels, shape.Rows, shape.Columns],
        new Dictionary<string, string> { [GuidanceEntry] = Text(stage.Guidance?.Scale ?? 1), [LabelsEntry] = stage.Labels });

    // A cost is not a result: it has no better direction.
    private void Measure(StageContext context, SamplingCost cost)
    {
        foreach (var (metric, products) in new[]
            { (MetricNames.GeneratorGflops, cost.Generate), (MetricNames.DecoderGflops, cost.Decode) })
        {
            context.Measured(Measurement.OfSamples(
                metric, SamplingCost.Gflops(products), stage.Samples, cost.Evaluations, stage.Guidance?.Scale ?? 1, stage.Labels));
        }
    }

    /// <summary>The generator that samples a network as a stage says.</summary>
    internal static FewStepGenerator Generator(SamplingStage stage, GeneratorNetwork network, Weights weights)
    {
        var shift = TimeShift.For(network.Shape);
        return network.Interval
            ? FewStepGenerator.MeanFlow((z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), shift, stage.Grid)
            : TeacherOde.Generator(network, weights, stage.Solver, stage.GridEnd, stage.Guidance);
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>Computes the latents at the end of the teacher's ODE: endPoints.safetensors with latents [N, C, H, W].</summary>
internal sealed class EndPointRunner(EndPointStage stage, ICollective ranks) : IStage
{
    /// <summary>The file, and the name of its tensor.</summary>
    public const string FileName = "endPoints.safetensors";
    public const string Latents = "latents";

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (network, weights) = GeneratorTraining.Load(context, StageInput.Generator);
        using var loaded = weights;
        var ode = TeacherOde.Generator(network, weights, stage.Solver, stage.GridEnd, stage.Guidance);
        var noise = SampleNoise.Of(context, stage.Seed, stage.NoiseSet, stage.BatchSize, stage.Labels, stage.NoiseFile);
        var labels = noise.Labels(stage.LabelCount ?? stage.Samples, network.Classes);
        using var latents = context.InBatches(
            ranks, stage.Samples, stage.BatchSize, "latent", indices => noise.Latents(ode, network.Shape, labels, indices, stage.Steps));
        ranks.EndOthers();
        Safetensors.Write(context.File(FileName), [(Latents, latents)]);
    }
}

/// <summary>The solver of a teacher's ODE.</summary>
internal static class TeacherOde
{
    public static FewStepGenerator Generator(
        GeneratorNetwork network, Weights weights, string solver, double gridEnd, GuidanceOptions? guidance) => FewStepGenerator.Solver(
            solver, Guidance.Apply(guidance, (z, t, y) => network.Velocity(weights, z, t, y), network.Classes), TimeShift.For(network.Shape),
            gridEnd);
}

/// <summary>The part that all stages with decoded samples share: noise, decoder and statistics of latents.</summary>
/// <param name="bytes">truncate, or null: pixels are rounded.</param>
internal sealed class SampleDrawing(StageContext context, SampleNoise noise, string? bytes) : IDisposable
{
    /// <summary>The columns of a sheet of many classes.</summary>
    public const int SheetColumns = 8;

    // The largest number of columns that are classes side by side.
    private const int MostColumns = 20;

    private const int DecodedAtOnce = 50;

    private readonly (IDecoder Network, Weights Weights) _decoder =
        NetworkFiles.LoadDecoder(Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), context.Device());

    private readonly LatentStatistics _statistics =
        LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).To(context.Device());

    public IDecoder Decoder => _decoder.Network;

    /// <summary>The number of columns of a sheet: one for each class, or a fixed number for many classes.</summary>
    public static int Columns(long classes) => classes is > 0 and <= MostColumns ? (int)classes : SheetColumns;

    /// <summary>Latents [B, C, H, W], and images uint8 [B, C, H, W] on the CPU, of the samples at consecutive indices within one batch.</summary>
    public (Tensor Latents, Tensor Images) Draw(FewStepGenerator generator, LatentShape shape, Tensor labels, Tensor indices, int steps)
    {
        var latents = noise.Latents(generator, shape, labels, indices, steps);
        return (latents, Decode(_statistics.Denormalise(latents)));
    }

    // On a CPU in parts, whose activations stay in the cache.
    private Tensor Decode(Tensor latents)
    {
        var truncated = bytes == SamplingOptions.TruncatedBytes;
        if (latents.device_type != DeviceType.CPU)
            return LabeledImages.ToBytes(_decoder.Network.Decode(_decoder.Weights, latents), truncated);
        var parts = new List<Tensor>();
        foreach (var part in latents.split(DecodedAtOnce))
        {
            using var scope = NewDisposeScope();
            parts.Add(LabeledImages.ToBytes(_decoder.Network.Decode(_decoder.Weights, part), truncated).MoveToOuterDisposeScope());
        }

        return cat(parts);
    }

    public void Dispose() => _decoder.Weights.Dispose();

    /// <summary>
    /// Writes the first rows of images as a sheet. Balanced labels cycle through the classes, so with few classes a row has one sample of
    /// each class.
    /// </summary>
    /// <returns>An addition to the caption, or the empty string.</returns>
    public string WriteSheet(string file, Tensor images, int classes, int rows) => WriteSheet(context, noise, file, images, classes, rows);

    /// <inheritdoc cref="WriteSheet(string, Tensor, int, int)"/>
    public static string WriteSheet(StageContext context, SampleNoise noise, string file, Tensor images, int classes, int rows)
    {
        var columns = Columns(classes);
        ImageSheet.Write(context.File(file), images.slice(0, 0, Math.Min(images.shape[0], rows * columns), 1), columns);
        return !noise.CyclesThroughClasses ? "; random classes" : columns == classes ? "; columns are classes" : "";
    }
}

/// <summary>
/// Samples of a MeanFlow network after some of its training steps, from the same noise and labels: a sheet of one-step samples and their
/// FID at each of these steps and at the end. The series are over training steps. Several ranks compute samples and features together.
/// </summary>
internal sealed class SnapshotRunner(SnapshotStage stage, ICollective ranks) : IStage
{
    private const int SheetRows = 2;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var extractor = stage.Reference is null ? null : FeatureExtractor.Load(context, StageInput.Features, ranks);
        var references = stage.Reference is null ? [] : ReferenceRunner.Load(context, [stage.Reference]);
        var noise = SampleNoise.Of(context, stage.Seed, set: 1, stage.BatchSize, stage.Labels, stage.NoiseFile);
        using var drawing = new SampleDrawing(context, noise, stage.Bytes);
        foreach (var step in SnapshotSteps.Of(stage.TrainingSteps, stage.Snapshots).Append(stage.TrainingSteps))
        {
            using var one = NewDisposeScope();
            var (images, labels, classes) = Draw(context, drawing, noise, step);
            using var drawn = images;
            var features = extractor?.Extract(new LabeledImages(images, labels)).Features;
            if (ranks.Rank > 0)
                continue;
            var value = features is null ? "" : Measure(context, features, references, step);
            var file = string.Create(CultureInfo.InvariantCulture, $"sheet.{step}.png");
            var order = drawing.WriteSheet(file, images, classes, SheetRows);
            context.Journal.Write(new ImageEvent(
                string.Create(CultureInfo.InvariantCulture, $"{MetricNames.Snapshot}@{step}"),
                file,
                string.Create(CultureInfo.InvariantCulture, $"after {step:#,0} of {stage.TrainingSteps:#,0} steps{value}{order}")));
        }

        ranks.EndOthers();
    }

    private (Tensor Images, Tensor Labels, int Classes) Draw(StageContext context, SampleDrawing drawing, SampleNoise noise, int step)
    {
        var file = step == stage.TrainingSteps ? NetworkFiles.Generator : NetworkFiles.Snapshot(step);
        var (network, weights) = NetworkFiles.LoadGenerator(
            Path.Combine(context.Input(StageInput.Generator), file), context.Device());
        using var loaded = weights;
        var generator = FewStepGenerator.MeanFlow((z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), TimeShift.For(network.Shape));
        var labels = noise.Labels(stage.Samples, network.Classes);
        var images = context.InBatches(
            ranks, stage.Samples, stage.BatchSize, string.Create(CultureInfo.InvariantCulture, $"sample after {step} steps"),
            indices => drawing.Draw(generator, network.Shape, labels, indices, 1).Images);
        return (images, labels, network.Classes);
    }

    private static string Measure(StageContext context, Tensor features, IReadOnlyList<ReferenceSet> references, int step)
    {
        var set = new SampleSet(features, null, null, null, null, null, references);
        var value = Metric.Compute(new FidOptions(), set, draws: 0).Single().Value;
        context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { [MetricNames.SnapshotFid] = value }));
        return string.Create(CultureInfo.InvariantCulture, $"; FID of {set.Count:#,0} samples {value:G4}");
    }
}
