using System.Globalization;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Feature statistics of a split of the dataset, spatial statistics if the network has such a map, and features and labels of some of its
/// images. Only these rows are in memory, for any number of images.
/// </summary>
/// <param name="ranks">The processes that compute the features together.</param>
internal sealed class ReferenceRunner(ReferenceStage stage, ICollective ranks) : IStage
{
    public const string FileName = "reference.safetensors";

    private const string Features = "features";
    private const string Labels = "labels";
    private const int SheetRows = 8;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var images = DatasetFiles.Open(context, stage.Split);
        using var extractor = FeatureExtractor.Load(context, StageInput.Features, ranks);
        using var pool = new FeatureMoments($"the {stage.Split} images");
        using var spatial = new FeatureMoments($"the {stage.Split} images");
        var (features, labels) = Rows(extractor, images, stage.KeptFeatures, batch =>
        {
            pool.Add(batch.Features);
            if (batch.Spatial is { } map)
                spatial.Add(map);
        });
        ranks.EndOthers();
        Write(context, pool.Statistics(), spatial.Count > 0 ? spatial.Statistics() : null, features, labels);
        WriteSheet(context, images, $"Images of the {stage.Split} set");
    }

    /// <summary>Writes the file of a reference.</summary>
    /// <param name="features">float32 [M, F]; M may be 0.</param>
    /// <param name="labels">int64 [M].</param>
    public static void Write(
        StageContext context, FeatureStatistics pool, FeatureStatistics? spatial, Tensor features, Tensor labels,
        IReadOnlyDictionary<string, string>? metadata = null) =>
        Safetensors.Write(
            context.File(FileName), [.. LabStatistics.Tensors(pool, spatial), (Features, features), (Labels, labels)], metadata);

    /// <summary>Features and labels of evenly spaced images.</summary>
    /// <param name="most">The largest number of them.</param>
    /// <param name="visit">Receives the features of all images, batch by batch.</param>
    public static (Tensor Features, Tensor Labels) Rows(FeatureExtractor extractor, IImageSource images, int most, Action<FeatureBatch>? visit = null)
    {
        var kept = images.EvenRows(most);
        var rows = new List<Tensor>();
        extractor.Visit(images, (start, batch) =>
        {
            visit?.Invoke(batch);
            var here = kept.masked_select(kept.ge(start).logical_and_(kept.lt(start + batch.Features.shape[0])));
            rows.Add(batch.Features.cpu().index_select(0, here - start).MoveToOuterDisposeScope());
        });
        return (cat(rows), images.Labels.index_select(0, kept));
    }

    /// <summary>Some of the images: the same number of every class if there are few classes, otherwise evenly spaced.</summary>
    public static void WriteSheet(StageContext context, IImageSource images, string caption)
    {
        var columns = SampleDrawing.Columns(images.Classes);
        var classes = columns == images.Classes
            ? Enumerable.Range(0, columns).Select(label => images.Labels.eq(label).nonzero().flatten()).ToArray()
            : [];
        var rows = classes.Length == 0 ? SheetRows : (int)Math.Min(SheetRows, classes.Min(one => one.shape[0]));
        if (rows == 0)
            return;
        var indices = classes.Length == 0
            ? images.EvenRows(SheetRows * columns)
            : stack(classes.Select(one => one.slice(0, 0, rows, 1)), 1).flatten();
        const string file = "sheet.png";
        ImageSheet.Write(context.File(file), images.Bytes(indices), columns);
        context.Journal.Write(new ImageEvent(
            MetricNames.Real, file, $"{caption}{(classes.Length == 0 ? "" : "; columns are classes")}"));
    }

    /// <summary>The statistics among the inputs of a stage, in the order of <paramref name="splits"/>.</summary>
    public static IReadOnlyList<ReferenceSet> Load(StageContext context, IEnumerable<string> splits) =>
        [.. splits.Select(split => Load(context, StageInput.Reference(split), split))];

    /// <param name="input">The name of the input.</param>
    public static ReferenceSet Load(StageContext context, string input, string split)
    {
        var path = Path.Combine(context.Input(input), FileName);
        var file = Safetensors.Read(path);
        var (pool, spatial) = LabStatistics.Read(file);
        var rows = file.Tensors[Features].Shape[0] > 0;
        return new(
            split, pool, file.Metadata.GetValueOrDefault(StatisticsNames.Source) ?? FileHash.Of(path), spatial, rows ? file[Features] : null,
            rows ? file[Labels] : null);
    }
}

/// <summary>FID of reference images with increasing corruption.</summary>
internal sealed class LadderRunner(LadderStage stage) : IStage
{
    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var images = DatasetFiles.Open(context, stage.Split);
        using var extractor = FeatureExtractor.Load(context, StageInput.Features);
        var reference = ReferenceRunner.Load(context, StageInput.Reference(stage.Split), stage.Split);
        var ladder = extractor.SweepCorruptions(images, reference.Statistics);
        foreach (var level in ladder.Levels)
        {
            var metric = $"{MetricNames.Ladder}.{level.Kind}.{level.Level.ToString("R", CultureInfo.InvariantCulture)}";
            context.Measured(Measurement.OfDataset(metric, level.Fid, ladder.Images) with
            {
                Extractor = extractor.Identity,
                Preprocessing = extractor.Preprocessing(images.Shape),
                Reference = reference.Hash,
            });
        }
    }
}
