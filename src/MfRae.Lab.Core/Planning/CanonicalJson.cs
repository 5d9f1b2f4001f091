using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Core.Planning;

/// <summary>JSON text that depends on the value alone: names in ordinal order, no white space, numbers in their shortest form.</summary>
public static class CanonicalJson
{
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
