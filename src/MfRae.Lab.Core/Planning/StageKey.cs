using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Planning;

/// <summary>The identity of a stage: stages with equal keys are the same computation on the same data.</summary>
public static class StageKey
{
    /// <summary>The key of a stage.</summary>
    /// <param name="inputs">Input name → key.</param>
    /// <param name="files">Path in the options → SHA-256 of the file, see <see cref="StageDefinition.Files"/>.</param>
    /// <returns>SHA-256 over canonical JSON, 64 lower-case hex digits.</returns>
    public static string Of(
        StageDefinition definition,
        string kind,
        int revision,
        long? seed,
        IReadOnlyDictionary<string, string> inputs,
        IReadOnlyDictionary<string, string> files) =>
        Of(JsonSerializer.SerializeToNode(definition, LabJson.Default.StageDefinition), kind, revision, JsonValue.Create(seed), inputs, files);

    /// <summary>The key of a stage with a stored definition.</summary>
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

/// <summary>Canonical JSON text, a function of the value: names in ordinal order, no white space, numbers in their shortest form.</summary>
public static class CanonicalJson
{
    /// <summary>The canonical text of a value.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Append(text, node);
        return text.ToString();
    }

    /// <summary>SHA-256 of the text, in lower-case hex.</summary>
    public static string Hash(JsonNode? node) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Write(node))));

    private static void Append(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject properties:
                AppendAll(text, '{', '}', properties.OrderBy(property => property.Key, StringComparer.Ordinal), property =>
                {
                    text.Append(JsonValue.Create(property.Key).ToJsonString()).Append(':');
                    Append(text, property.Value);
                });
                break;
            case JsonArray items:
                AppendAll(text, '[', ']', items, item => Append(text, item));
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static void AppendAll<T>(StringBuilder text, char open, char close, IEnumerable<T> parts, Action<T> append)
    {
        text.Append(open);
        bool first = true;
        foreach (var part in parts)
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            append(part);
        }

        text.Append(close);
    }
}
