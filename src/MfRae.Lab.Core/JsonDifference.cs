using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core;

/// <summary>A value that differs between two JSON texts.</summary>
/// <param name="Path">Names from the root, separated by dots.</param>
/// <param name="One">JSON of the value in the first text; null if it has no such value.</param>
/// <param name="Other">JSON of the value in the second text; null if it has no such value.</param>
public sealed record JsonDifference(string Path, string? One, string? Other)
{
    /// <summary>
    /// All differences, in the order of the first text, then of the second. Arrays are compared as a whole. A text that is not JSON, or has
    /// duplicate names, is compared as a string.
    /// </summary>
    public static IReadOnlyList<JsonDifference> Of(string one, string other)
    {
        var first = new OrderedDictionary<string, string>();
        var second = new OrderedDictionary<string, string>();
        Flatten(Parse(one), "", first);
        Flatten(Parse(other), "", second);
        return [.. first.Keys.Union(second.Keys)
            .Select(path => new JsonDifference(path, first.GetValueOrDefault(path), second.GetValueOrDefault(path)))
            .Where(difference => difference.One != difference.Other)];
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static void Flatten(JsonNode? node, string path, OrderedDictionary<string, string> into)
    {
        if (node is JsonObject { Count: > 0 } properties)
        {
            foreach (var (name, value) in properties)
            {
                Flatten(value, path.Length == 0 ? name : $"{path}.{name}", into);
            }
        }
        else
        {
            into[path] = node?.ToJsonString() ?? "null";
        }
    }
}
