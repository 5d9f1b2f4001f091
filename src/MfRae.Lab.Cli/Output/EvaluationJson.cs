using System.Text.Json.Serialization;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Output;

/// <summary>An evaluation as JSON: unrounded numbers with their complete identity.</summary>
internal static class EvaluationJson
{
    public static string Write(EvaluationResult result) => JsonText.Of(new Evaluation(
        Of(result.Samples),
        result.Train is { } train ? Of(train) : null,
        [.. result.Spaces.Select(Of)],
        new(result.Versions.Tool, result.Versions.Torch, result.Versions.Runtime, result.Versions.Device)));

    private static Images Of(EvaluatedImages images) =>
        new(images.Path, images.Hash, images.Count, images.Shape, images.Classes, Of(images.PassedOver));

    private static Space Of(EvaluatedSpace space) => new(
        space.Name,
        space.Network,
        space.Width,
        space.Identity.Extractor,
        space.Identity.Preprocessing,
        new(
            space.Reference.Path, space.Reference.Hash, space.Reference.Layout, space.Reference.Count,
            space.Reference.Stated ? "stated" : "unstated", Of(space.Reference.PassedOver)),
        [.. space.Metrics.Select(metric => new Metric(
            metric.Name, metric.Value, metric.Low, metric.High, metric.Samples, metric.HigherIsBetter, metric.Definition, metric.Reference,
            metric.Setting))],
        [.. space.Skipped.Select(skipped => new Skipped(skipped.Metric, skipped.Reason))],
        space.Warnings,
        space.Neighbours.Count == 0 ? null : [.. space.Neighbours.Select(sample => new Neighbours(
            sample.Sample, [.. sample.Nearest.Select(near => new Near(near.Image, near.Distance))]))],
        space.Ladder is not { } ladder ? null : new(
            ladder.Images, ladder.IsMonotone, [.. ladder.Levels.Select(level => new Rung(level.Kind, level.Level, level.Fid))]));

    private static PassedOver? Of(SkippedEntries? passed) =>
        passed is null ? null : new(passed.Hidden, passed.Special.Count, passed.Repeated.Count, passed.Unread);

    private sealed record Evaluation(
        Images Samples,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Images? Train,
        IReadOnlyList<Space> Spaces,
        Versions Versions);

    private sealed record Images(
        string Path,
        string Sha256,
        long Count,
        string Shape,
        int Classes,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PassedOver? PassedOver);

    private sealed record PassedOver(long Hidden, int NotRegular, int LinksToReadFolders, IReadOnlyDictionary<string, long> NotRead);

    private sealed record Space(
        string Features,
        string Network,
        long Width,
        string Extractor,
        string Preprocessing,
        Reference Reference,
        IReadOnlyList<Metric> Metrics,
        IReadOnlyList<Skipped> Skipped,
        IReadOnlyList<string> Warnings,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Neighbours>? NearestTrainingImages,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Ladder? Ladder);

    private sealed record Reference(
        string Path,
        string Sha256,
        string Layout,
        long? Count,
        string Origin,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PassedOver? PassedOver);

    private sealed record Metric(
        [property: JsonPropertyName("metric")] string Name,
        double Value,
        double? Low,
        double? High,
        long Samples,
        bool? HigherIsBetter,
        string Definition,
        string Reference,
        string Setting);

    private sealed record Skipped([property: JsonPropertyName("metric")] string Name, string Reason);

    private sealed record Neighbours(string Sample, IReadOnlyList<Near> Nearest);

    private sealed record Near(string Image, double Distance);

    private sealed record Ladder(long Images, bool Monotone, IReadOnlyList<Rung> Rungs);

    private sealed record Rung(string Kind, double Level, double Fid);

    private sealed record Versions(string Tool, string TorchSharp, string Runtime, string Device);
}
