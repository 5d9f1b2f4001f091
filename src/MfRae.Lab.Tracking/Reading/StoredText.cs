using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MfRae.Lab.Core;
using MfRae.Lab.Tracking.Writing;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>
/// What columns of text stand for. Anybody may have written to the file with other programs, and one odd row must not keep the rest from
/// being seen: a text that is not what it should be is shown as it is.
/// </summary>
internal static class StoredText
{
    /// <summary>A JSON list of texts; a text that is none is its only entry.</summary>
    public static IReadOnlyList<string> List(string text) => Json(text, LabJson.Default.IReadOnlyListString) ?? [text];

    /// <summary>A JSON object of texts; a text that is none stands under no name.</summary>
    public static IReadOnlyDictionary<string, string> Pairs(string text) =>
        Json(text, LabJson.Default.DictionaryStringString) ?? new Dictionary<string, string> { [""] = text };

    /// <summary>A time; the epoch, which is visibly none, where it cannot be read.</summary>
    public static DateTimeOffset Time(string text) => WallTime.TryParse(text, out var time) ? time : DateTimeOffset.UnixEpoch;

    private static T? Json<T>(string text, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
