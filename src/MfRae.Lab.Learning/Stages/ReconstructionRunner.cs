using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Encodes, decodes and measures the test set without noise: rFID and the other metrics, and the mean absolute error in
/// grey values.
/// </summary>
internal sealed class ReconstructionRunner(IReadOnlyList<MetricOptions> metrics) : IStage
{
    private const int Batch = 250;
    private const int SheetPairs = 40;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var test = LabeledImages.Load(Path.Combine(context.Input(StageInput.Dataset), "test.safetensors"));
        var (encoder, encoderWeights) = NetworkFiles.LoadEncoder(
            Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder), device);
        var (decoder, decoderWeights) = NetworkFiles.LoadDecoder(
            Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), device);
        var rebuilt = context.InBatches(test.Count, Batch, "image", indices => LabeledImages.ToBytes(
            decoder.Decode(decoderWeights, encoder.Encode(encoderWeights, test.Pixels(indices, device)))));

        using var extractor = FeatureExtractor.Load(context);
        var (features, logits) = extractor.Extract(rebuilt);
        var set = new SampleSet(features, logits, test.Labels, null, null, ReferenceRunner.Load(context, ["test"]));
        foreach (var value in metrics.SelectMany(metric => Metric.Compute(metric, set)))
        {
            context.Measured(new("r" + value.Name, value.Value, null, null, value.Samples, 0, 1, "dataset",
                extractor.Identity, extractor.Preprocessing, value.Reference, value.HigherIsBetter));
        }
        var error = (rebuilt.to(float32) - test.Images.to(float32)).abs().mean().item<float>();
        context.Measured(new("rL1", error, null, null, test.Count, 0, 1, "dataset", "", SmallInceptionFeatures.GreyValues, "", false));

        var count = Math.Min(SheetPairs, test.Count);
        var pairs = stack([test.Images.slice(0, 0, count, 1), rebuilt.slice(0, 0, count, 1)], 1).flatten(0, 1);
        ImageSheet.Write(context.File("pairs.png"), pairs, 10);
        context.Journal.Write(new ImageEvent("reconstruction", "pairs.png", "test images, each followed by its reconstruction"));
    }
}
