using System.Globalization;
using System.Text;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Output;

/// <summary>An evaluation for people: numbers with their intervals, and what makes them comparable.</summary>
public static class EvaluationText
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
        text.AppendLine(CultureInfo.InvariantCulture, $"computed by    MfRae.Lab {result.Versions.Tool}, torch binding {result.Versions.Torch}, "
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
        text.AppendLine().AppendLine($"nearest of the first {samples.Count} samples").Append(table);
    }

    private static void Ladder(StringBuilder text, CorruptionLadder ladder)
    {
        var table = new TextTable("corruption", "level", "fid");
        foreach (var rung in ladder.Rungs)
            table.Add(rung.Kind, Quantity.Number(rung.Level), Number(rung.Fid));
        text.AppendLine().Append(table).AppendLine(ladder.IsMonotone
            ? $"FID rises with every step of corruption of {Quantity.Count(ladder.Images)} reference images"
            : $"FID does NOT rise with every step of corruption of {Quantity.Count(ladder.Images)} reference images: do not trust it here");
    }

    private static void Identity(StringBuilder text, EvaluatedSpace space)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"features       {space.Network}, {space.Width} wide, sha256 {Short(space.Identity.Extractor)}");
        text.AppendLine($"preprocessing  {space.Identity.Preprocessing}");
        var reference = space.Reference;
        var count = reference.Count is { } images ? $"{Quantity.Count(images)} images" : "of an unstated number of images";
        var origin = reference.Layout == "images" ? "" : $", statistics ({reference.Layout})"
            + (reference.Stated ? "" : " of UNSTATED ORIGIN: network and preprocessing are not in the file");
        text.AppendLine($"reference      {reference.Path}, {count}, sha256 {Short(reference.Hash)}{origin}");
    }

    private static void Images(StringBuilder text, string role, EvaluatedImages images) => text.AppendLine(
        $"{role,-14} {images.Path}, {Quantity.Count(images.Count)} images of {images.Shape}"
        + (images.Classes > 0 ? $" in {images.Classes} classes" : "") + $", sha256 {Short(images.Hash)}");

    private static string Short(string hash) => hash.Length > HashLetters ? hash[..HashLetters] : hash;

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
