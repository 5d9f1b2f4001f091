using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Reporting.Data;

/// <summary>JSON that the database holds. Whoever can write the file can put anything there: what is not JSON has nothing to say.</summary>
internal static class StoredJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

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

    /// <summary>The value at a path of names, or null where there is none.</summary>
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
