using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Draws class-balanced samples for each number of steps, all from the same noise: samples.STEPS.safetensors with images
/// uint8 [N, C, H, W], labels and the first latents, and a sheet of the first images.
/// </summary>
internal sealed class SamplingRunner(SamplingStage stage) : IStage
{
    private const int SheetRows = 8;

    // More columns than these are not classes side by side any more.
    private const int MostColumns = 20;

    public static string FileName(int steps) => $"samples.{steps.ToString(CultureInfo.InvariantCulture)}.safetensors";

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var device = context.Device();
        var (network, weights) = GeneratorTraining.Load(context, StageInput.Generator);
        var generator = new FewStepGenerator(network, weights);
        var (decoder, decoderWeights) = NetworkFiles.LoadDecoder(
            Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), device);
        var statistics = LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).To(device);
        var random = new RandomSource(stage.Seed, device);
        var labels = arange(stage.Samples, dtype: int64).remainder(network.Classes);

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
            Safetensors.Write(context.File(FileName(steps)),
            [
                ("images", images), ("labels", labels),
                ("latents", keptLatents.slice(0, 0, Math.Min(stage.KeptLatents, keptLatents.shape[0]), 1)),
            ]);
            WriteSheet(context, images, network.Classes, steps);
        }
    }

    // Labels go round, so a row of the sheet holds one sample of each class.
    private static void WriteSheet(StageContext context, Tensor images, int classes, int steps)
    {
        var columns = classes <= MostColumns ? classes : SheetRows;
        var count = Math.Min(images.shape[0], SheetRows * columns);
        var file = $"sheet.{steps.ToString(CultureInfo.InvariantCulture)}.png";
        ImageSheet.Write(context.File(file), images.slice(0, 0, count, 1), columns);
        context.Journal.Write(new ImageEvent($"samples@{steps.ToString(CultureInfo.InvariantCulture)}", file,
            $"{steps.ToString(CultureInfo.InvariantCulture)} network {(steps == 1 ? "evaluation" : "evaluations")} a sample"
                + (columns == classes ? "; columns are classes" : "")));
    }
}
