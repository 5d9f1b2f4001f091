using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Tracking;

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
