using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Draws samples for each number of steps, all from the same noise and labels: samples.EVALUATIONS.safetensors with images
/// uint8 [N, C, H, W], labels and the first latents, and a sheet of the first images. The file's metadata say how they
/// were drawn. What an image costs at each number of evaluations is measured beside them.
/// </summary>
internal sealed class SamplingRunner(SamplingStage stage) : IStage
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
        var generator = Generator(network, weights);
        using var drawing = new SampleDrawing(context, stage.Seed, stage.BatchSize, stage.Labels);
        var labels = drawing.Labels(stage.Samples, network.Classes);

        foreach (var steps in stage.Steps)
        {
            var shape = network.Shape;
            var kept = new List<Tensor> { empty(0, shape.Channels, shape.Rows, shape.Columns) };
            using var images = drawing.Draw(generator, shape, labels, steps, $"sample of {steps} steps", (start, latents) =>
            {
                if (start < stage.KeptLatents)
                    kept.Add(latents.cpu().MoveToOuterDisposeScope());
            });
            var keptLatents = cat(kept);
            var evaluations = Text(steps * generator.EvaluationsPerStep);
            Safetensors.Write(
                context.File($"samples.{evaluations}.safetensors"),
                [
                    ("images", images), ("labels", labels),
                    ("latents", keptLatents.slice(0, 0, Math.Min(stage.KeptLatents, keptLatents.shape[0]), 1)),
                ],
                new Dictionary<string, string>
                {
                    [GuidanceEntry] = Text(stage.Guidance?.Scale ?? 1),
                    [LabelsEntry] = stage.Labels,
                });
            var file = $"sheet.{evaluations}.png";
            var classes = drawing.WriteSheet(file, images, network.Classes, SheetRows);
            var guided = stage.Guidance is { } guidance ? $", guidance {Text(guidance.Scale)}" : "";
            context.Journal.Write(new ImageEvent($"samples@{evaluations}", file,
                $"{evaluations} network {(evaluations == "1" ? "evaluation" : "evaluations")} a sample{guided}{classes}"));
            Measure(context, SamplingCost.Of(network, drawing.Decoder, steps, stage.Solver, stage.Guidance));
        }
    }

    // A cost is no result: it has no better direction, and stands beside what it was paid for.
    private void Measure(StageContext context, SamplingCost cost)
    {
        foreach (var (metric, products) in new[]
            { (MetricNames.GeneratorGflops, cost.Generate), (MetricNames.DecoderGflops, cost.Decode) })
            context.Measured(new(
                metric, SamplingCost.Gflops(products), null, null, stage.Samples, cost.Evaluations, stage.Guidance?.Scale ?? 1, stage.Labels,
                "", "", "", HigherIsBetter: null));
    }

    private FewStepGenerator Generator(DitNetwork network, Weights weights)
    {
        var shift = TimeShift.For(network.Shape);
        if (network.Interval)
            return FewStepGenerator.MeanFlow((z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), shift);
        var teacher = Guidance.Apply(stage.Guidance, (z, t, y) => network.Velocity(weights, z, t, y), network.Classes);
        return FewStepGenerator.Solver(stage.Solver, teacher, shift, stage.GridEnd);
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
