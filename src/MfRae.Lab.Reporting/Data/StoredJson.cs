using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Reporting.Data;

/// <summary>
/// Reads JSON from the database. The file may contain anything: text that is not JSON, or that repeats a name, counts as missing.
/// </summary>
internal static class StoredJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonNode? Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Indented JSON; text that is not JSON stays as it is.</summary>
    public static string Lines(string json) => Parse(json)?.ToJsonString(Indented) ?? json;

    /// <summary>The value at a path of names; null if it does not exist.</summary>
    public static JsonNode? Find(JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            node = node is JsonObject entries && entries.TryGetPropertyValue(name, out var child) ? child : null;
        }

        return node;
    }

    /// <summary>A finite number, or null.</summary>
    public static double? Number(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<double>(out var number) && double.IsFinite(number) ? number : null;

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
