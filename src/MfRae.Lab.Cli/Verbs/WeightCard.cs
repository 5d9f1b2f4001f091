using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>The JSON card of a weights file: recipe, commit, options, cost, hash and measurements.</summary>
public static class WeightCard
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether the stage loaded a published file instead of training.</summary>
    public static bool IsLoaded(StageRecord stage) => Options(stage)?["kind"]?.GetValue<string>() == "pretrained";

    /// <summary>The content of the card.</summary>
    /// <param name="file">The weights file with its size in bytes.</param>
    /// <param name="usedBy">The runs that use the network; empty if the experiment trained only one network of its kind.</param>
    /// <param name="commit">The commit of the publishing code; null without a repository.</param>
    public static byte[] Write(
        ExperimentRecord record, StageRecord stage, ManifestFile file, string? commit, IReadOnlyList<Measurement> measurements,
        IReadOnlyList<string> usedBy)
    {
        var values = new JsonArray();
        foreach (var measurement in measurements)
        {
            values.Add(new JsonObject
            {
                ["metric"] = measurement.Key,
                ["value"] = measurement.Value,
                ["samples"] = measurement.Samples,
                ["extractor"] = measurement.Extractor,
                ["reference"] = measurement.Reference,
                ["device"] = measurement.Device,
                ["noise"] = measurement.Noise,
                ["setting"] = measurement.Setting,
            });
        }

        var card = new JsonObject
        {
            ["sha256"] = file.Sha256,
            ["bytes"] = file.Size,
            ["recipe"] = record.Path,
            ["command"] = $"dotnet run -- {record.Path}",
            ["commit"] = commit,
            ["stage"] = stage.Key,
            ["seed"] = stage.Seed,
            ["inputs"] = new JsonObject(stage.Inputs.Select(input => KeyValuePair.Create(input.Key, (JsonNode?)input.Value))),
            ["options"] = Options(stage)?.DeepClone(),
            ["cost"] = Cost(stage),
            ["measurements"] = values,
        };
        if (usedBy.Count > 0)
            card["usedBy"] = new JsonArray([.. usedBy.Select(run => (JsonNode?)run)]);
        return [.. JsonSerializer.SerializeToUtf8Bytes(card, Readable), (byte)'\n'];
    }

    // The cost of all attempts; null for a stage that does not train.
    private static JsonObject? Cost(StageRecord stage) => Options(stage)?["training"] is JsonObject training
        ? new()
        {
            ["steps"] = training["steps"]!.GetValue<long>(),
            ["samples"] = training["steps"]!.GetValue<long>() * training["batchSize"]!.GetValue<long>(),
            ["cpuSeconds"] = stage.Attempts.Sum(attempt => attempt.CpuSeconds),
            ["processor"] = stage.Attempts.LastOrDefault()?.Origin?.Processor,
        }
        : null;

    // A definition consists of the stage's discriminator and one object of options.
    private static JsonObject? Options(StageRecord stage) =>
        JsonNode.Parse(stage.DefinitionJson)!.AsObject().Select(property => property.Value).OfType<JsonObject>().FirstOrDefault();
}

/// <summary>The content of a <see cref="WeightCard"/>.</summary>
/// <param name="Sha256">SHA-256 of the weights file.</param>
/// <param name="Bytes">Size of the weights file.</param>
/// <param name="Measurements">Metrics with their values, in the order of the card.</param>
public sealed record CardContent(string Sha256, long Bytes, IReadOnlyList<(string Metric, double? Value)> Measurements)
{
    /// <summary>Reads a card; null if the file does not exist or is JSON but not a card.</summary>
    /// <exception cref="LabException">The file is not JSON, or a card in an unknown format.</exception>
    public static CardContent? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var card = json.RootElement;
            if (!card.TryGetProperty("sha256", out var hash))
                return null;
            return new(
                hash.GetString() ?? throw new FormatException("its sha256 is null"),
                card.GetProperty("bytes").GetInt64(),
                card.TryGetProperty("measurements", out var measured) ? [.. measured.EnumerateArray().Select(Measurement)] : []);
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new LabException($"the card {path} cannot be read: {bad.Message}", bad);
        }
    }

    // Values that are not finite are null.
    private static (string, double?) Measurement(JsonElement measured) => (
        measured.GetProperty("metric").GetString() ?? "",
        measured.GetProperty("value") is { ValueKind: not JsonValueKind.Null } value ? value.GetDouble() : null);
}

/// <summary>Finds weights files and their cards.</summary>
public static class WeightsFolder
{
    private static readonly string[] Suffixes = [".safetensors", ".pt", ".pth", ".ckpt", ".npz", ".npy"];

    /// <summary>
    /// The weights files of a folder in the order of their names, including missing files whose card exists. The path of a file gives this
    /// file only.
    /// </summary>
    /// <exception cref="LabException">The path does not exist, or the folder contains no weights.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new LabException($"{path}: not found; expected a weights file or a folder of weights");
        var files = Directory.EnumerateFiles(path).Where(file => Suffixes.Contains(Path.GetExtension(file).ToLowerInvariant())).ToList();
        var orphans = Directory.EnumerateFiles(path, "*.json")
            .Where(card => files.TrueForAll(file => Card(file) != card) && CardContent.Read(card) is not null)
            .Select(card => Path.ChangeExtension(card, Suffixes[0]));
        files.AddRange(orphans.ToList());
        files.Sort(StringComparer.Ordinal);
        return files.Count > 0 ? files : throw new LabException($"{path} contains no weights ({string.Join(", ", Suffixes)})");
    }

    /// <summary>The path of the card of a weights file.</summary>
    public static string Card(string file) => Path.ChangeExtension(file, ".json");
}
