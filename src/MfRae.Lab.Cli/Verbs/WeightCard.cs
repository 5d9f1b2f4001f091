using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>What stands beside a weights file: the recipe and commit that made it, its options, its hash and its measurements.</summary>
public static class WeightCard
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether the stage loaded a file that had been published before.</summary>
    public static bool IsLoaded(StageRecord stage) => Options(stage)?["kind"]?.GetValue<string>() == "pretrained";

    /// <param name="file">The weights file with its size in bytes.</param>
    /// <param name="usedBy">Runs that use it, where the experiment trained several of its kind; else none.</param>
    /// <param name="commit">The commit of the code that publishes, or null where there is no repository.</param>
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
            ["measurements"] = values,
        };
        if (usedBy.Count > 0)
            card["usedBy"] = new JsonArray([.. usedBy.Select(run => (JsonNode?)run)]);
        return [.. JsonSerializer.SerializeToUtf8Bytes(card, Readable), (byte)'\n'];
    }

    // A definition is the stage's discriminator and one object of options.
    private static JsonObject? Options(StageRecord stage) =>
        JsonNode.Parse(stage.DefinitionJson)!.AsObject().Select(property => property.Value).OfType<JsonObject>().FirstOrDefault();
}

/// <summary>What a <see cref="WeightCard"/> says, read back.</summary>
/// <param name="Measurements">Metrics with their values, in the order of the card.</param>
public sealed record CardContent(string Sha256, long Bytes, IReadOnlyList<(string Metric, double? Value)> Measurements)
{
    /// <summary>The card in a file; null where there is no file, or its JSON is no card.</summary>
    /// <exception cref="LabException">The file is a card but not as this lab writes them, or no JSON.</exception>
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

    // A value that was not finite is null.
    private static (string, double?) Measurement(JsonElement measured) => (
        measured.GetProperty("metric").GetString() ?? "",
        measured.GetProperty("value") is { ValueKind: not JsonValueKind.Null } value ? value.GetDouble() : null);
}

/// <summary>Files of weights and the cards beside them.</summary>
public static class WeightsFolder
{
    private static readonly string[] Suffixes = [".safetensors", ".pt", ".pth", ".ckpt", ".npz", ".npy"];

    /// <summary>
    /// The weights of a folder in the order of their names, also those of which there is only a card; a file stands for
    /// itself.
    /// </summary>
    /// <exception cref="LabException">There is no such file or folder, or it holds no weights.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new LabException($"{path} does not exist: name a file of weights, or a folder of them");
        var files = Directory.EnumerateFiles(path).Where(file => Suffixes.Contains(Path.GetExtension(file).ToLowerInvariant())).ToList();
        var orphans = Directory.EnumerateFiles(path, "*.json")
            .Where(card => files.TrueForAll(file => Card(file) != card) && CardContent.Read(card) is not null)
            .Select(card => Path.ChangeExtension(card, Suffixes[0]));
        files.AddRange(orphans.ToList());
        files.Sort(StringComparer.Ordinal);
        return files.Count > 0 ? files : throw new LabException($"{path} holds no weights ({string.Join(", ", Suffixes)})");
    }

    /// <summary>Where the card of a file is.</summary>
    public static string Card(string file) => Path.ChangeExtension(file, ".json");
}
