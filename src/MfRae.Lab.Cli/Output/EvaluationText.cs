using System.Globalization;
using System.Text;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Output;

/// <summary>An evaluation as text: numbers with their intervals and their identity.</summary>
internal static class EvaluationText
{
    private const int HashLetters = 12;
    private const int ShownNeighbours = 3;

    public static string Write(EvaluationResult result)
    {
        var text = new StringBuilder();
        foreach (var space in result.Spaces)
        {
            text.AppendLine($"features: {space.Network}");
            Numbers(text, space);
            if (space.Neighbours.Count > 0)
                Neighbours(text, space.Neighbours);
            if (space.Ladder is { } ladder)
                Ladder(text, ladder);
            foreach (var skipped in space.Skipped)
                text.AppendLine($"no {skipped.Metric}: {skipped.Reason}");
            text.AppendLine();
            Identity(text, space);
        }

        Images(text, "samples", result.Samples);
        if (result.Train is { } train)
            Images(text, "train", train);
        text.AppendLine(CultureInfo.InvariantCulture, $"computed by    MfRae.Lab {result.Versions.Tool}, TorchSharp {result.Versions.Torch}, "
            + $"{result.Versions.Runtime}, {result.Versions.Device}");
        return text.ToString();
    }

    private static void Numbers(StringBuilder text, EvaluatedSpace space)
    {
        var table = new TextTable("metric", "value", "95 % interval", "n", "better", "definition");
        foreach (var metric in space.Metrics)
        {
            var interval = metric is { Low: { } low, High: { } high } ? $"{Number(low)} … {Number(high)}" : "";
            var better = metric.HigherIsBetter switch { true => "higher", false => "lower", null => "" };
            table.Add(metric.Name, Number(metric.Value), interval, Quantity.Count(metric.Samples), better, metric.Definition);
        }

        text.Append(table);
    }

    private static void Neighbours(StringBuilder text, IReadOnlyList<EvaluatedNeighbours> samples)
    {
        var table = new TextTable("sample", "nearest training image", "distance");
        foreach (var sample in samples.OrderBy(sample => sample.Nearest[0].Distance).Take(ShownNeighbours))
            table.Add(sample.Sample, sample.Nearest[0].Image, Number(sample.Nearest[0].Distance));
        text.AppendLine().AppendLine($"closest matches among the first {samples.Count} samples").Append(table);
    }

    private static void Ladder(StringBuilder text, CorruptionSweep ladder)
    {
        var table = new TextTable("corruption", "level", "fid");
        foreach (var level in ladder.Levels)
            table.Add(level.Kind, Quantity.Number(level.Level), Number(level.Fid));
        text.AppendLine().Append(table).AppendLine(ladder.IsMonotone
            ? $"FID rises with each level of corruption of {Quantity.Count(ladder.Images)} reference images"
            : $"FID does NOT rise with each level of corruption of {Quantity.Count(ladder.Images)} reference images: it is not reliable here");
    }

    private static void Identity(StringBuilder text, EvaluatedSpace space)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"features       {space.Network}, {space.Width} wide, sha256 {Short(space.Identity.Extractor)}");
        text.AppendLine($"preprocessing  {space.Identity.Preprocessing}");
        var reference = space.Reference;
        var count = reference.Count is { } images ? $"{Quantity.Count(images)} images" : "unknown number of images";
        var origin = reference.Layout == "images" ? "" : $", statistics ({reference.Layout})"
            + (reference.Stated ? "" : " of UNKNOWN ORIGIN: the file does not name network and preprocessing");
        text.AppendLine($"reference      {reference.Path}, {count}, sha256 {Short(reference.Hash)}{origin}");
    }

    private static void Images(StringBuilder text, string role, EvaluatedImages images) => text.AppendLine(
        $"{role,-14} {images.Path}, {Quantity.Count(images.Count)} images of {images.Shape}"
        + (images.Classes > 0 ? $" in {images.Classes} classes" : "") + $", sha256 {Short(images.Hash)}");

    private static string Short(string hash) => hash.Length > HashLetters ? hash[..HashLetters] : hash;

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
