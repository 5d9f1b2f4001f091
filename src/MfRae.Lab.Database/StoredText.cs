using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MfRae.Lab.Core;

namespace MfRae.Lab.Database;

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

/// <summary>Times as the database spells them: UTC text that sorts and that SQLite's date functions read.</summary>
internal static class WallTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static DateTimeOffset Parse(string text) =>
        DateTimeOffset.ParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
