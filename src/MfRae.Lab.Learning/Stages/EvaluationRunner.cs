using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Measures every set of samples of a sampling stage. Each value has its identity. Several ranks compute the features together, and rank 0 the
/// metrics.
/// </summary>
internal sealed class EvaluationRunner(EvaluationStage stage, ICollective ranks) : IStage
{
    public void Run(StageContext context)
    {
        using var outer = NewDisposeScope();
        using var extractor = FeatureExtractor.Load(context, StageInput.Features, ranks);
        using var second = context.HasInput(StageInput.SecondFeatures) ? FeatureExtractor.Load(context, StageInput.SecondFeatures, ranks) : null;
        var references = ReferenceRunner.Load(context, stage.References);
        var secondReference = second is null
            ? null
            : ReferenceRunner.Load(context, StageInput.SecondReference(stage.References[0]), stage.References[0]);
        var teacher = context.HasInput(StageInput.EndPoints)
            ? Safetensors.Read(Path.Combine(context.Input(StageInput.EndPoints), EndPointRunner.FileName))[EndPointRunner.Latents]
            : null;
        foreach (var (steps, path) in SampleFiles(context.Input(StageInput.Samples)))
        {
            using var scope = NewDisposeScope();
            var samples = Safetensors.Read(path);
            var images = new LabeledImages(samples["images"], samples["labels"]);
            if (ranks.Rank > 0)
            {
                extractor.Visit(images, (_, _) => { });
                second?.Visit(images, (_, _) => { });
                continue;
            }

            using var spatial = stage.Metrics.Any(metric => MetricCatalogue.Of(metric).Requires(MetricNeeds.SpatialFeatures)) ? new FeatureMoments("the samples") : null;
            var (features, logits) = extractor.Extract(images, spatial is null ? null : spatial.Add);
            var set = new SampleSet(
                features, logits, spatial?.Statistics(), images.Labels, samples["latents"], teacher, references,
                Orders(stage.Metrics, images.Images));
            foreach (var value in Compute(context, stage.Metrics, set, stage.BootstrapDraws))
                context.Measured(Identified(value, steps, samples, extractor));
            if (stage.Metrics.Any(metric => metric is MemorisationOptions))
                NeighbourSheet.Write(context, set, images.Images, steps);
            if (second is not null)
                context.Measured(Identified(SecondFrechet(second, secondReference!, images), steps, samples, second));
        }

        ranks.EndOthers();
    }

    /// <summary>The orders of samples uint8 [N, C, H, W] if a metric needs them, otherwise null.</summary>
    public static RowOrders? Orders(IReadOnlyList<MetricOptions> metrics, Tensor images) =>
        metrics.Any(metric => metric is InceptionScoreOptions score && score.NeedsContentOrder())
            ? RowOrders.OfGiven(ImageContent.Order(ImageContent.Hashes(images).data<long>().ToArray()))
            : null;

    /// <summary>The values of all metrics. Warnings about the order of the samples go to the journal.</summary>
    public static IEnumerable<MetricValue> Compute(StageContext context, IReadOnlyList<MetricOptions> metrics, SampleSet set, int draws)
    {
        foreach (var metric in metrics)
        {
            if (SortedSamples.Warning(metric, set) is { } warning)
                context.Journal.Write(new NoticeEvent(warning));
            foreach (var value in Metric.Compute(metric, set, draws))
                yield return value;
        }
    }

    // FID in the features of the second network.
    private MetricValue SecondFrechet(FeatureExtractor second, ReferenceSet reference, IImageSource images)
    {
        var (features, _) = second.Extract(images);
        var set = new SampleSet(features, null, null, null, null, null, [reference]);
        return Metric.Compute(new FidOptions(), set, stage.BootstrapDraws).Single() with { Name = MetricNames.SecondFrechet };
    }

    private static Measurement Identified(MetricValue value, int steps, TensorFile samples, FeatureExtractor extractor)
    {
        var images = samples["images"].shape;
        var guidance = double.Parse(samples.Meta(SamplingRunner.GuidanceEntry), CultureInfo.InvariantCulture);
        return Measurement.OfSamples(value.Name, value.Value, value.Samples, steps, guidance, samples.Meta(SamplingRunner.LabelsEntry)) with
        {
            Low = value.Low,
            High = value.High,
            Extractor = value.UsesExtractor ? extractor.Identity : "",
            Preprocessing = value.UsesExtractor ? extractor.Preprocessing(new(images[1], images[2], images[3])) : "",
            Reference = value.Reference,
        };
    }

    /// <summary>The sample files by ascending number of evaluations.</summary>
    internal static List<(int Steps, string Path)> SampleFiles(string folder) =>
        [.. Directory.EnumerateFiles(folder, "samples.*.safetensors")
            .Select(path => (int.Parse(Path.GetFileName(path).Split('.')[1], CultureInfo.InvariantCulture), path))
            .OrderBy(file => file.Item1)];
}

/// <summary>Samples, each followed by the training images nearest to it in feature space, as one image.</summary>
internal static class NeighbourSheet
{
    private const int Samples = 20;
    private const int Neighbours = 3;
    private const int SamplesInRow = 2;

    /// <param name="images">The samples, uint8 [N, C, H, W].</param>
    public static void Write(StageContext context, SampleSet set, Tensor images, int steps)
    {
        using var scope = NewDisposeScope();
        using var train = DatasetFiles.Open(context, DatasetFiles.Train);
        var rows = set.References.Single(reference => reference.Split == DatasetFiles.Train).Features!;
        var count = Math.Min(Samples, set.Count);
        var nearest = NearestRows.Of(set.Features.slice(0, 0, count, 1), rows, Neighbours);
        // The kept rows are an evenly spaced part of the images.
        var indices = train.EvenRows(rows.shape[0]).index_select(0, nearest.Indices.flatten());
        var neighbours = train.Bytes(indices).view([count, Neighbours, .. images.shape[1..]]);
        var sheet = cat([images.slice(0, 0, count, 1).unsqueeze(1), neighbours], 1).flatten(0, 1);

        var file = string.Create(CultureInfo.InvariantCulture, $"neighbours.{steps}.png");
        ImageSheet.Write(context.File(file), sheet, SamplesInRow * (Neighbours + 1));
        var distances = nearest.Squared.select(1, 0).sqrt();
        context.Journal.Write(new ImageEvent(
            string.Create(CultureInfo.InvariantCulture, $"{MetricNames.Neighbours}@{steps}"), file,
            string.Create(CultureInfo.InvariantCulture, $"{count} samples in {steps} {(steps == 1 ? "evaluation" : "evaluations")}, each ")
                + "followed by the three nearest of " + string.Create(CultureInfo.InvariantCulture, $"{rows.shape[0]:#,0} training images; ")
                + "distance to the nearest " + string.Create(CultureInfo.InvariantCulture,
                    $"{distances.min().item<double>():G3} to {distances.max().item<double>():G3}")));
    }
}
