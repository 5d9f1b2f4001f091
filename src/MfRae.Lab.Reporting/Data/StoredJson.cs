using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Reporting.Data;

/// <summary>
/// JSON that the database holds. Whoever can write the file can put anything there: what is not JSON, or gives a name twice, has nothing to say.
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

    /// <summary>For people to read, over several lines; what has nothing to say stays as it is.</summary>
    public static string Lines(string json) => Parse(json)?.ToJsonString(Indented) ?? json;

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
