using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core.Images;
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

    private static void Ladder(StringBuilder text, CorruptionSweep ladder)
    {
        var table = new TextTable("corruption", "level", "fid");
        foreach (var rung in ladder.Levels)
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

/// <summary>An evaluation for programs: numbers in full, and their complete identity.</summary>
public static class EvaluationJson
{
    public static string Write(EvaluationResult result) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        Images(json, "samples", result.Samples);
        if (result.Train is { } train)
            Images(json, "train", train);
        json.Objects("spaces", result.Spaces, space => Space(json, space));
        json.WriteStartObject("versions");
        json.WriteString("tool", result.Versions.Tool);
        json.WriteString("torchSharp", result.Versions.Torch);
        json.WriteString("runtime", result.Versions.Runtime);
        json.WriteString("device", result.Versions.Device);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void Images(Utf8JsonWriter json, string role, EvaluatedImages images)
    {
        json.WriteStartObject(role);
        json.WriteString("path", images.Path);
        json.WriteString("sha256", images.Hash);
        json.WriteNumber("count", images.Count);
        json.WriteString("shape", images.Shape);
        json.WriteNumber("classes", images.Classes);
        Passed(json, images.PassedOver);
        json.WriteEndObject();
    }

    private static void Space(Utf8JsonWriter json, EvaluatedSpace space)
    {
        json.WriteString("features", space.Name);
        json.WriteString("network", space.Network);
        json.WriteNumber("width", space.Width);
        json.WriteString("extractor", space.Identity.Extractor);
        json.WriteString("preprocessing", space.Identity.Preprocessing);
        Reference(json, space.Reference);
        json.Objects("metrics", space.Metrics, metric => Metric(json, metric));
        json.Objects("skipped", space.Skipped, skipped =>
        {
            json.WriteString("metric", skipped.Metric);
            json.WriteString("reason", skipped.Reason);
        });
        json.WriteStartArray("warnings");
        foreach (var warning in space.Warnings)
            json.WriteStringValue(warning);
        json.WriteEndArray();
        if (space.Neighbours.Count > 0)
            Neighbours(json, space.Neighbours);
        if (space.Ladder is { } ladder)
            Ladder(json, ladder);
    }

    private static void Reference(Utf8JsonWriter json, EvaluatedReference reference)
    {
        json.WriteStartObject("reference");
        json.WriteString("path", reference.Path);
        json.WriteString("sha256", reference.Hash);
        json.WriteString("layout", reference.Layout);
        json.Number("count", reference.Count);
        json.WriteString("origin", reference.Stated ? "stated" : "unstated");
        Passed(json, reference.PassedOver);
        json.WriteEndObject();
    }

    private static void Passed(Utf8JsonWriter json, SkippedEntries? passed)
    {
        if (passed is null)
            return;
        json.WriteStartObject("passedOver");
        json.WriteNumber("hidden", passed.Hidden);
        json.WriteNumber("notRegular", passed.Special.Count);
        json.WriteNumber("linksToReadFolders", passed.Repeated.Count);
        json.WriteStartObject("notRead");
        foreach (var (extension, count) in passed.Unread)
            json.WriteNumber(extension, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Metric(Utf8JsonWriter json, EvaluatedMetric metric)
    {
        json.WriteString("metric", metric.Name);
        json.Number("value", metric.Value);
        json.Number("low", metric.Low);
        json.Number("high", metric.High);
        json.WriteNumber("samples", metric.Samples);
        if (metric.HigherIsBetter is { } higher)
            json.WriteBoolean("higherIsBetter", higher);
        else
            json.WriteNull("higherIsBetter");
        json.WriteString("definition", metric.Definition);
        json.WriteString("reference", metric.Reference);
        json.WriteString("setting", metric.Setting);
    }

    private static void Neighbours(Utf8JsonWriter json, IReadOnlyList<EvaluatedNeighbours> samples)
    {
        json.Objects("nearestTrainingImages", samples, sample =>
        {
            json.WriteString("sample", sample.Sample);
            json.Objects("nearest", sample.Nearest, near =>
            {
                json.WriteString("image", near.Image);
                json.WriteNumber("distance", near.Distance);
            });
        });
    }

    private static void Ladder(Utf8JsonWriter json, CorruptionSweep ladder)
    {
        json.WriteStartObject("ladder");
        json.WriteNumber("images", ladder.Images);
        json.WriteBoolean("monotone", ladder.IsMonotone);
        json.Objects("rungs", ladder.Levels, rung =>
        {
            json.WriteString("kind", rung.Kind);
            json.WriteNumber("level", rung.Level);
            json.Number("fid", rung.Fid);
        });
        json.WriteEndObject();
    }
}
