using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Loads or trains the RAE decoder.</summary>
internal sealed class DecoderRunner(DecoderOptions options, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        var path = context.File(NetworkFiles.Decoder);
        switch (options)
        {
            case PretrainedDecoderOptions pretrained:
                Pretrained.Decoder(context, pretrained, path);
                break;
            case RaeDecoderOptions rae:
                Train(rae, context, path, ranks);
                break;
            case AutoencoderKlDecoderOptions:
                // The stage of the encoder has both halves.
                File.Copy(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Decoder), path, overwrite: true);
                break;
            case PixelDecoderOptions:
                var (encoder, none) = NetworkFiles.LoadEncoder(Path.Combine(context.Input(StageInput.Encoder), NetworkFiles.Encoder), CPU);
                using (none)
                    NetworkFiles.Save(path, new PixelDecoder(((PixelEncoder)encoder).Image), none);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Train(RaeDecoderOptions options, StageContext context, string path, ICollective ranks)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var data = DatasetFiles.Open(context, DatasetFiles.Train);
        var (encoder, encoderWeights) = NetworkFiles.LoadEncoder(context, data.Shape);
        using var frozen = encoderWeights;
        var decoder = new RaeDecoder(options.Network, encoder.Shape, data.Shape);
        var spec = decoder.Declare();
        using var weights = Weights.Initialise(spec, context.Random(), device);
        using var objective = new ReconstructionObjective(options, decoder, encoder, frozen, data, context.Random(), device);
        using var trained = new Trainer(options.Training, context, ranks).Run(spec, weights, objective);
        NetworkFiles.Save(path, decoder, trained);
    }
}

/// <summary>
/// Reconstructs the test set without noise and measures it: rFID, further metrics, and the mean absolute error in grey values.
/// </summary>
internal sealed class ReconstructionRunner(ReconstructionStage stage) : IStage
{
    private const int Batch = 250;
    private const int SheetPairs = 40;
    private const int LargeSheetPairs = 10;
    private const int LargeSide = 64;

    // The number of values whose differences are computed at a time in float32: a gigabyte.
    private const long DifferencesAtOnce = 1L << 28;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        var device = context.Device();
        using var test = DatasetFiles.Open(context, DatasetFiles.Test);
        var (encoder, encoderWeights) = NetworkFiles.LoadEncoder(context, test.Shape);
        var (decoder, decoderWeights) = NetworkFiles.LoadDecoder(
            Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), device);
        using var frozen = encoderWeights;
        using var trained = decoderWeights;
        if (decoder.Image != test.Shape)
            throw new LabException($"the decoder makes images of {decoder.Image}, but the dataset has images of {test.Shape}");
        using var rebuilt = context.InBatches(test, Batch, bytes => LabeledImages.ToBytes(
            decoder.Decode(decoderWeights, encoder.EncodeBytes(encoderWeights, bytes))));

        using var extractor = FeatureExtractor.Load(context);
        var (features, logits) = extractor.Extract(new LabeledImages(rebuilt, test.Labels));
        var set = new SampleSet(features, logits, null, test.Labels, null, null, ReferenceRunner.Load(context, ["test"]),
            EvaluationRunner.Orders(stage.Metrics, rebuilt));
        foreach (var value in Values(context, set))
        {
            context.Measured(Measurement.OfDataset(MetricNames.Reconstructed(value.Name), value.Value, value.Samples) with
            {
                Low = value.Low,
                High = value.High,
                Extractor = extractor.Identity,
                Preprocessing = extractor.Preprocessing(test.Shape),
                Reference = value.Reference,
            });
        }
        context.Measured(Measurement.OfDataset("rL1", MeanDifference(test, rebuilt), test.Count) with
        {
            Preprocessing = SmallInceptionFeatures.PixelValues(test.Shape),
        });

        var count = Math.Min(test.Shape.Rows > LargeSide ? LargeSheetPairs : SheetPairs, test.Count);
        var pairs = stack([test.Bytes(arange(count)), rebuilt.slice(0, 0, count, 1)], 1).flatten(0, 1);
        ImageSheet.Write(context.File("pairs.png"), pairs, 10);
        context.Journal.Write(new ImageEvent("reconstruction", "pairs.png", "test images, each followed by its reconstruction"));
    }

    // Only memorisation compares with training images too; the other values have the test set as their only reference.
    private IEnumerable<MetricValue> Values(StageContext context, SampleSet set)
    {
        var (memorisation, others) = (stage.Metrics.OfType<MemorisationOptions>().ToArray(), stage.Metrics.Where(metric => metric is not MemorisationOptions));
        var values = EvaluationRunner.Compute(context, [.. others], set, stage.BootstrapDraws);
        return memorisation.Length == 0
            ? values
            : values.Concat(EvaluationRunner.Compute(
                context, memorisation, set with { References = [.. set.References, .. ReferenceRunner.Load(context, ["train"])] }, stage.BootstrapDraws));
    }

    private static double MeanDifference(IImageSource images, Tensor rebuilt)
    {
        var sum = 0.0;
        var block = Math.Max(1, DifferencesAtOnce / rebuilt[0].numel());
        for (long start = 0; start < images.Count; start += block)
        {
            using var scope = NewDisposeScope();
            var end = Math.Min(images.Count, start + block);
            var original = images.Bytes(arange(start, end, dtype: int64));
            sum += (rebuilt.slice(0, start, end, 1).to(float32) - original.to(float32)).abs().mean().item<float>() * (double)(end - start);
        }

        return sum / images.Count;
    }
}
