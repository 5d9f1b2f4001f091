using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// What a MeanFlow network made after some of its training steps, from the same noise and labels: a sheet of one-step samples and their
/// FID at each, the end included. The series are over steps of the training.
/// </summary>
internal sealed class SnapshotRunner(SnapshotStage stage) : IStage
{
    private const int SheetRows = 2;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var extractor = stage.Reference is null ? null : FeatureExtractor.Load(context, StageInput.Features);
        var references = stage.Reference is null ? [] : ReferenceRunner.Load(context, [stage.Reference]);
        using var drawing = new SampleDrawing(context, stage.Seed, stage.BatchSize, stage.Labels);
        foreach (var step in SnapshotSteps.Of(stage.TrainingSteps, stage.Snapshots).Append(stage.TrainingSteps))
        {
            using var one = NewDisposeScope();
            var (images, labels, classes) = Draw(context, drawing, step);
            using var drawn = images;
            var value = extractor is null ? "" : Measure(context, extractor, references, new(images, labels), step);
            var file = string.Create(CultureInfo.InvariantCulture, $"sheet.{step}.png");
            var order = drawing.WriteSheet(file, images, classes, SheetRows);
            context.Journal.Write(new ImageEvent(
                string.Create(CultureInfo.InvariantCulture, $"{MetricNames.Snapshot}@{step}"),
                file,
                string.Create(CultureInfo.InvariantCulture, $"after {step:#,0} of {stage.TrainingSteps:#,0} steps{value}{order}")));
        }
    }

    private (Tensor Images, Tensor Labels, int Classes) Draw(StageContext context, SampleDrawing drawing, int step)
    {
        var file = step == stage.TrainingSteps ? NetworkFiles.Generator : NetworkFiles.Snapshot(step);
        var (network, weights) = NetworkFiles.LoadGenerator(
            Path.Combine(context.Input(StageInput.Generator), file), context.Device());
        using var loaded = weights;
        var generator = FewStepGenerator.MeanFlow((z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), TimeShift.For(network.Shape));
        var labels = drawing.Labels(stage.Samples, network.Classes);
        var images = drawing.Draw(
            generator, network.Shape, labels, 1, string.Create(CultureInfo.InvariantCulture, $"sample after {step} steps"));
        return (images, labels, network.Classes);
    }

    private static string Measure(
        StageContext context, FeatureExtractor extractor, IReadOnlyList<ReferenceSet> references, LabeledImages images, int step)
    {
        var (features, _) = extractor.Extract(images);
        var set = new SampleSet(features, null, null, null, null, null, references);
        var value = Metric.Compute(new FidOptions(), set, draws: 0).Single().Value;
        context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { [MetricNames.SnapshotFid] = value }));
        return string.Create(CultureInfo.InvariantCulture, $"; FID of {images.Count:#,0} samples {value:G4}");
    }
}
