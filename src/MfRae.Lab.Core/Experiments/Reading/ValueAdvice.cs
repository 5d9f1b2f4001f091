using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>What to write in place of a value of the wrong type: the number, word or list that the user probably means.</summary>
internal static partial class ValueAdvice
{
    public static string For(LocatedNode node, OptionShape shape)
    {
        var scalar = node as LocatedScalar;
        string? word = scalar?.Text ?? scalar?.Bare;
        // In a file somebody wrote the quotes; on the command line there are none.
        string unquoted = scalar?.Text is not null && node.Location.File is not null ? " without quotes" : "";
        return (word, shape) switch
        {
            ({ } text, NumberShape number) when Number(text, number.Whole) is { } plain =>
                $"write {plain}{(unquoted.Length > 0 ? unquoted : $": {shape.Expected}")}",
            ({ } text, NumberShape or BooleanShape or ListShape) when text.ToUpperInvariant() is "NONE" or "NULL" or "NIL" =>
                "write null for the default",
            ({ } text, BooleanShape) when Boolean(text) is { } plain => $"write {plain}{unquoted}",
            ({ } text, ListShape list) when List(text, list.Item) is { } items => $"write {items}",
            ({ } text, ListShape { Item: NumberShape number }) when Number(text, number.Whole) is { } plain => $"write [{plain}]",
            ({ } text, UnionShape union) when union.Find(text) is not null => $"write {{ \"kind\": \"{text}\" }}",
            ({ } text, UnionShape or ObjectShape) when scalar?.Location.File is null && text.StartsWith('{') =>
                $"quote it for the shell, as in '{node.Location.Path}={Example(shape)}'",
            ({ } text, TextShape { Choices: var choices }) when choices.Count == 0 || choices.Contains(text.Trim('\'')) =>
                $"write {JsonSerializer.Serialize(text.Trim('\''), LabJson.Default.String)}",
            _ when scalar is { Kind: JsonValueKind.Number } && shape is TextShape { Choices.Count: 0 } => $"write \"{scalar.Json}\"",
            _ when scalar is { Kind: not JsonValueKind.Null } && shape is ListShape => $"write [{scalar.Json}]",
            _ => $"write {shape.Expected}",
        };
    }

    /// <summary>A word for a value that is no finite number: NaN, -Infinity, 1e999.</summary>
    public static bool IsNotFinite(string? word) => word is not null
        && (word.TrimStart('+', '-').ToUpperInvariant() is "NAN" or "INF" or "INFINITY" or "∞"
            || (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !double.IsFinite(value)));

    /// <summary>The number as JSON writes it, or null: `.5`, `0,5`, `1_000`, `007` and, for whole numbers, `1,000`.</summary>
    private static string? Number(string word, bool whole)
    {
        if (JsonNumber().IsMatch(word) && !IsNotFinite(word))
        {
            return word;
        }

        string digits = whole && Thousands().IsMatch(word) ? Separators().Replace(word, "") : word.Replace("_", "", StringComparison.Ordinal).Replace(',', '.');
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : null;
    }

    private static string? Boolean(string word) => word.ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" => "true",
        "FALSE" or "NO" or "OFF" => "false",
        _ => null,
    };

    /// <summary>The list that several values with commas between them mean, in whatever brackets.</summary>
    private static string? List(string text, OptionShape item)
    {
        string[] parts = text.Trim(' ', '(', ')', '[', ']', '{', '}').Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var items = parts.Select(part => item switch
        {
            NumberShape number => Number(part, number.Whole),
            TextShape => JsonSerializer.Serialize(part.Trim('"', '\''), LabJson.Default.String),
            _ => null,
        }).ToList();
        return parts.Length > 1 && !items.Contains(null) ? $"[{string.Join(',', items)}]" : null;
    }

    private static string Example(OptionShape shape) => shape is UnionShape union ? $"{{\"kind\": \"{union.KindNames[0]}\"}}" : "{\"name\": value}";

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"\A[+-]?[0-9]{1,3}([,.' ][0-9]{3})+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();

    [GeneratedRegex("[,.' ]", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();
}
