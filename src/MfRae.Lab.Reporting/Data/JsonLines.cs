using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfRae.Lab.Reporting.Data;

/// <summary>JSON for people to read.</summary>
internal static class JsonLines
{
    /// <summary>JSON over several lines; text that is not JSON stays as it is.</summary>
    public static string Of(string json)
    {
        try
        {
            return JsonNode.Parse(json)?.ToJsonString(new JsonSerializerOptions
            {
                WriteIndented = true,
                NewLine = "\n",
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }) ?? json;
        }
        catch (JsonException)
        {
            return json;
        }
    }
}
