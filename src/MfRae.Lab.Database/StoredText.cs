using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Database;

/// <summary>
/// Parses the text columns. Other programs may have written to the file, and one invalid row must not hide the other rows, so an invalid
/// text is returned unchanged.
/// </summary>
internal static class StoredText
{
    /// <summary>Parses a JSON array of strings; an invalid text becomes the only element.</summary>
    public static IReadOnlyList<string> List(string text) => Json(text, LabJson.Default.IReadOnlyListString) ?? [text];

    /// <summary>Parses a JSON object of strings; an invalid text becomes the value of the empty name.</summary>
    public static IReadOnlyDictionary<string, string> Pairs(string text) =>
        Json(text, LabJson.Default.DictionaryStringString) ?? new Dictionary<string, string> { [""] = text };

    /// <summary>Parses the contrasts of a plan; null without contrasts, and for an invalid text.</summary>
    public static IReadOnlyList<Contrast>? Contrasts(string text) =>
        Json(text, LabJson.Default.IReadOnlyListContrast) is { Count: > 0 } contrasts ? contrasts : null;

    /// <summary>Parses a time; an invalid text becomes the Unix epoch, which is visibly wrong.</summary>
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

/// <summary>Formats times as the database stores them: UTC, sortable, and readable by SQLite's date functions.</summary>
internal static class WallTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static DateTimeOffset Parse(string text) =>
        DateTimeOffset.ParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
