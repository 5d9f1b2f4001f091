using System.Globalization;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Samples, each followed by the training images nearest to it in feature space, as one image.</summary>
internal static class NeighbourSheet
{
    private const int Samples = 20;
    private const int Neighbours = 3;
    private const int SamplesInRow = 2;

    /// <param name="images">The samples themselves, uint8 [N, C, H, W].</param>
    public static void Write(StageContext context, SampleSet set, Tensor images, int steps)
    {
        using var scope = NewDisposeScope();
        using var train = DatasetFiles.Open(context, DatasetFiles.Train);
        var rows = set.References.Single(reference => reference.Split == DatasetFiles.Train).Features!;
        var count = Math.Min(Samples, set.Count);
        var nearest = NearestRows.Of(set.Features.slice(0, 0, count, 1), rows, Neighbours);
        // Kept rows are a part of the images, at even distances.
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
