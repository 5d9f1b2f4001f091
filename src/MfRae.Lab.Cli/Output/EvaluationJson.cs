using System.Text.Json;
using MfRae.Lab.Core.Images;
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

    private static void Passed(Utf8JsonWriter json, PassedOver? passed)
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

    private static void Ladder(Utf8JsonWriter json, CorruptionLadder ladder)
    {
        json.WriteStartObject("ladder");
        json.WriteNumber("images", ladder.Images);
        json.WriteBoolean("monotone", ladder.IsMonotone);
        json.Objects("rungs", ladder.Rungs, rung =>
        {
            json.WriteString("kind", rung.Kind);
            json.WriteNumber("level", rung.Level);
            json.Number("fid", rung.Fid);
        });
        json.WriteEndObject();
    }
}
