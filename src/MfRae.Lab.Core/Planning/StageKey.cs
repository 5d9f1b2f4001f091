using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Planning;

/// <summary>The identity of a stage: equal keys are the same computation on the same data, and so one stage.</summary>
public static class StageKey
{
    /// <param name="inputs">Input name → key.</param>
    /// <param name="files">Path in the options → SHA-256 of the file, see <see cref="StageFiles"/>.</param>
    /// <returns>SHA-256 over canonical JSON, 64 lower-case hex digits.</returns>
    public static string Of(
        StageDefinition definition,
        string kind,
        int revision,
        long? seed,
        IReadOnlyDictionary<string, string> inputs,
        IReadOnlyDictionary<string, string> files) =>
        Of(JsonSerializer.SerializeToNode(definition, LabJson.Default.StageDefinition), kind, revision, JsonValue.Create(seed), inputs, files);

    /// <summary>The same of a definition as it was stored.</summary>
    /// <param name="seed">A number, or null.</param>
    internal static string Of(
        JsonNode? definition,
        string kind,
        int revision,
        JsonNode? seed,
        IReadOnlyDictionary<string, string> inputs,
        IReadOnlyDictionary<string, string> files) => CanonicalJson.Hash(new JsonObject
        {
            ["kind"] = kind,
            ["revision"] = revision,
            ["seed"] = seed,
            ["options"] = definition,
            ["inputs"] = Object(inputs),
            ["files"] = Object(files),
        });

    internal static JsonObject Object(IReadOnlyDictionary<string, string> pairs) =>
        new(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));
}
