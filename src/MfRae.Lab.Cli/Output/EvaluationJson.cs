using System.Text.Json;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Output;

/// <summary>An evaluation for programs: numbers in full, and their complete identity.</summary>
public static class EvaluationJson
{
    public static string Write(EvaluationResult result) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        Images(json, "samples", result.Samples);
        if (result.Train is { } train)
            Images(json, "train", train);
        json.WriteStartArray("spaces");
        foreach (var space in result.Spaces)
            Space(json, space);
        json.WriteEndArray();
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
        json.WriteEndObject();
    }

    private static void Space(Utf8JsonWriter json, EvaluatedSpace space)
    {
        json.WriteStartObject();
        json.WriteString("features", space.Name);
        json.WriteNumber("width", space.Width);
        json.WriteString("extractor", space.Identity.Extractor);
        json.WriteString("preprocessing", space.Identity.Preprocessing);
        Reference(json, space.Reference);
        json.WriteStartArray("metrics");
        foreach (var metric in space.Metrics)
            Metric(json, metric);
        json.WriteEndArray();
        json.WriteStartArray("skipped");
        foreach (var skipped in space.Skipped)
        {
            json.WriteStartObject();
            json.WriteString("metric", skipped.Metric);
            json.WriteString("reason", skipped.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (space.Neighbours.Count > 0)
            Neighbours(json, space.Neighbours);
        if (space.Ladder is { } ladder)
            Ladder(json, ladder);
        json.WriteEndObject();
    }

    private static void Reference(Utf8JsonWriter json, EvaluatedReference reference)
    {
        json.WriteStartObject("reference");
        json.WriteString("path", reference.Path);
        json.WriteString("sha256", reference.Hash);
        json.WriteString("layout", reference.Layout);
        Number(json, "count", reference.Count);
        json.WriteString("origin", reference.Stated ? "stated" : "unstated");
        json.WriteEndObject();
    }

    private static void Metric(Utf8JsonWriter json, EvaluatedMetric metric)
    {
        json.WriteStartObject();
        json.WriteString("metric", metric.Name);
        Number(json, "value", metric.Value);
        Number(json, "low", metric.Low);
        Number(json, "high", metric.High);
        json.WriteNumber("samples", metric.Samples);
        if (metric.HigherIsBetter is { } higher)
            json.WriteBoolean("higherIsBetter", higher);
        else
            json.WriteNull("higherIsBetter");
        json.WriteString("definition", metric.Definition);
        json.WriteString("reference", metric.Reference);
        json.WriteEndObject();
    }

    private static void Neighbours(Utf8JsonWriter json, IReadOnlyList<EvaluatedNeighbours> samples)
    {
        json.WriteStartArray("nearestTrainingImages");
        foreach (var sample in samples)
        {
            json.WriteStartObject();
            json.WriteString("sample", sample.Sample);
            json.WriteStartArray("nearest");
            foreach (var near in sample.Nearest)
            {
                json.WriteStartObject();
                json.WriteString("image", near.Image);
                json.WriteNumber("distance", near.Distance);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Ladder(Utf8JsonWriter json, CorruptionLadder ladder)
    {
        json.WriteStartObject("ladder");
        json.WriteNumber("images", ladder.Images);
        json.WriteBoolean("monotone", ladder.IsMonotone);
        json.WriteStartArray("rungs");
        foreach (var rung in ladder.Rungs)
        {
            json.WriteStartObject();
            json.WriteString("kind", rung.Kind);
            json.WriteNumber("level", rung.Level);
            Number(json, "fid", rung.Fid);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // What is not finite is no number of JSON.
    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
