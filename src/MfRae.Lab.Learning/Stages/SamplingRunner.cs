using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
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

    // More columns than these are not classes side by side any more.
    private const int MostColumns = 20;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var device = context.Device();
        var (network, weights) = GeneratorTraining.Load(context, StageInput.Generator);
        var generator = Generator(network, weights);
        var (decoder, decoderWeights) = NetworkFiles.LoadDecoder(
            Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), device);
        var statistics = LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).To(device);
        var random = new RandomSource(stage.Seed, device);
        var labels = stage.Labels == "random"
            ? new RandomSource(stage.Seed, CPU).Integers("sample labels", 0, network.Classes, stage.Samples)
            : arange(stage.Samples, dtype: int64).remainder(network.Classes);

        foreach (var steps in stage.Steps)
        {
            var shape = network.Shape;
            var kept = new List<Tensor> { empty(0, shape.Channels, shape.Rows, shape.Columns) };
            var images = context.InBatches(stage.Samples, stage.BatchSize, $"sample of {steps} steps", indices =>
            {
                var start = indices[0].item<long>();
                var noise = random.Normal(
                    "sample noise", start / stage.BatchSize, indices.shape[0], shape.Channels, shape.Rows, shape.Columns);
                var latents = generator.Sample(noise, labels.index_select(0, indices).to(device), steps);
                if (start < stage.KeptLatents)
                    kept.Add(latents.cpu().MoveToOuterDisposeScope());
                return LabeledImages.ToBytes(decoder.Decode(decoderWeights, statistics.Denormalise(latents)));
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
            WriteSheet(context, images, network.Classes, evaluations);
            Measure(context, SamplingCost.Of(network, decoder, steps, stage.Solver, stage.Guidance));
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

    // Balanced labels go round, so a row of the sheet holds one sample of each class.
    private void WriteSheet(StageContext context, Tensor images, int classes, string evaluations)
    {
        var columns = classes <= MostColumns ? classes : SheetRows;
        var count = Math.Min(images.shape[0], SheetRows * columns);
        var file = $"sheet.{evaluations}.png";
        ImageSheet.Write(context.File(file), images.slice(0, 0, count, 1), columns);
        var guided = stage.Guidance is { } guidance ? $", guidance {Text(guidance.Scale)}" : "";
        var classText = stage.Labels == "random" ? "; random classes" : columns == classes ? "; columns are classes" : "";
        context.Journal.Write(new ImageEvent($"samples@{evaluations}", file,
            $"{evaluations} network {(evaluations == "1" ? "evaluation" : "evaluations")} a sample{guided}{classText}"));
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
