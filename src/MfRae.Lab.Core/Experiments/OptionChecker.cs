using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks a tree against the shape of the options: names, types, ranges, choices, kinds, and missing options.</summary>
/// <param name="rules">Rules for combinations of options in one object.</param>
internal sealed class OptionChecker(Diagnostics mistakes, ObjectRules rules)
{
    /// <summary>Checks a value.</summary>
    /// <param name="complete">False for a tree that will be merged with others: then missing options are not reported.</param>
    public void Check(LocatedNode node, OptionShape shape, bool complete)
    {
        switch (shape)
        {
            case ObjectShape inner when node is LocatedObject value:
                CheckObject(value, inner.Type, complete);
                break;
            case UnionShape union when node is LocatedObject value:
                CheckUnion(value, union, complete);
                break;
            case ListShape list when node is LocatedArray value:
                value.Items.ForEach(item => Check(item, list.Item, complete));
                break;
            case NumberShape { OrAuto: true } when node is LocatedScalar { Kind: JsonValueKind.String, Text: AutoNumberConverter.Auto }:
                break;
            case NumberShape number when node is LocatedScalar { Kind: JsonValueKind.Number } value:
                CheckNumber(value, number);
                break;
            case TextShape text when node is LocatedScalar { Kind: JsonValueKind.String } value:
                CheckText(value, text);
                break;
            case BooleanShape when node is LocatedScalar { Kind: JsonValueKind.True or JsonValueKind.False }:
            case CustomShape:
                break;
            case NumberShape when node is LocatedScalar scalar && ValueAdvice.IsNotFinite(scalar.Text ?? scalar.Bare):
                ReportNotFinite(scalar, shape);
                break;
            default:
                mistakes.Add(node.Location, $"expected {shape.Expected}, got {node.Describe()}", ValueAdvice.For(node, shape));
                break;
        }
    }

    public void CheckObject(LocatedObject value, OptionType type, bool complete)
    {
        foreach (var property in value.Properties.Where(property => property.Name != "kind" || type.Kind is null))
        {
            if (type.Find(property.Name) is not { } option)
            {
                ReportUnknown(value, property, type.Kind, [.. type.Properties.Select(known => known.Name)]);
            }
            else if (!property.Value.IsNull)
            {
                Check(property.Value, option.Shape, complete);
            }
        }

        if (complete)
        {
            foreach (var option in type.Properties.Where(option => option.Required && value.Get(option.Name) is null))
            {
                ReportMissing(value, option);
            }

            rules.Check(value, type);
        }
    }

    /// <summary>Reports a missing option, with a value that can be pasted, and the values that it accepts.</summary>
    public void ReportMissing(LocatedObject value, OptionProperty option) => ReportMissing(
        value,
        option.Name,
        $"write {ExampleValue.Of(option)}" + (option.Shape is NumberShape or TextShape { Choices.Count: > 0 } or ListShape or UnionShape
            ? $" ({option.Shape.Expected})"
            : ""));

    public void ReportMissing(LocatedObject value, string name, string suggestion) =>
        mistakes.Add(value.Find(name)?.Value.Location ?? value.Location.Child(name), $"`{name}` is missing", suggestion);

    private void CheckUnion(LocatedObject value, UnionShape union, bool complete)
    {
        string? kind = value.GetText("kind");
        // An object without `kind` is of the default kind, unless it is a patch that leaves the kind as it is.
        bool isDefault = complete && value.Get("kind") is null or { IsNull: true };
        if ((kind is not null || isDefault) && union.Find(kind) is { } type)
        {
            CheckObject(value, type, complete);
            return;
        }

        if (kind is not null)
        {
            string kinds = union.Kinds.Count > 1 ? $" The kinds are {string.Join(", ", union.KindNames)}." : "";
            string near = Nearest.To(kind, union.KindNames) is { } name ? $"did you mean `{name}`?" : Nearest.Either(union.KindNames);
            mistakes.Add(value.Get("kind")!.Location, $"unknown kind `{kind}`",
                near.StartsWith("did", StringComparison.Ordinal) ? near + kinds : near);
        }
        else if (value.Get("kind") is { } other)
        {
            mistakes.Add(other.Location, $"expected a string, got {other.Describe()}", Nearest.Either(union.KindNames));
        }
        else if (complete)
        {
            ReportMissing(value, "kind", $"write \"kind\": \"{union.KindNames[0]}\" ({Nearest.Either(union.KindNames)})");
        }

        CheckAnyKind(value, union);
    }

    /// <summary>Checks an object whose kind is unknown: an option is accepted if any kind accepts it.</summary>
    private void CheckAnyKind(LocatedObject value, UnionShape union)
    {
        foreach (var property in value.Properties.Where(property => property.Name != "kind"))
        {
            var option = union.Kinds.Select(kind => kind.Find(property.Name)).FirstOrDefault(found => found is not null);
            if (option is null)
            {
                ReportUnknown(
                    value, property, null, [.. union.Kinds.SelectMany(kind => kind.Properties).Select(known => known.Name).Distinct()]);
            }
            else if (!property.Value.IsNull)
            {
                Check(property.Value, option.Shape, complete: false);
            }
        }
    }

    private void ReportUnknown(LocatedObject value, LocatedProperty property, string? kind, IReadOnlyCollection<string> known)
    {
        string owner = kind is null ? "" : $" of kind `{kind}`";
        mistakes.Add(
            property.Key,
            $"unknown option `{property.Name}`{owner}",
            known.Count == 0 ? (kind is null ? "remove it" : $"remove it: kind `{kind}` has no options") : Nearest.Suggest(
                property.Name, known));
    }

    private void CheckNumber(LocatedScalar value, NumberShape shape)
    {
        double number = double.Parse(value.Json, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            ReportNotFinite(value, shape);
        }
        else if (number < shape.Minimum || number > shape.Maximum)
        {
            mistakes.Add(value.Location, $"{value.Json} is out of range", $"write {shape.Expected}");
        }
        else if (shape.Whole && !int.TryParse(value.Json, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            string suggestion = number == Math.Floor(number)
                ? $"write {number.ToString("F0", CultureInfo.InvariantCulture)}, using digits only"
                : $"write {shape.Expected}";
            mistakes.Add(value.Location, $"expected a whole number, got {value.Describe()}", suggestion);
        }
    }

    private void ReportNotFinite(LocatedScalar value, OptionShape shape) =>
        mistakes.Add(value.Location, $"{value.Text ?? value.Bare ?? value.Json} is not {shape.Expected}", $"write {shape.Expected}");

    private void CheckText(LocatedScalar value, TextShape shape)
    {
        if (shape.Choices.Count > 0 && !shape.Choices.Contains(value.Text!))
        {
            string near = Nearest.Suggest(value.Text!, shape.Choices);
            mistakes.Add(value.Location, $"{value.Json} is not a valid choice", near.StartsWith("did", StringComparison.Ordinal)
                ? $"{near} The choices are {string.Join(", ", shape.Choices)}."
                : near);
        }
    }
}

/// <summary>Suggests a replacement for a value of the wrong type: the number, string or array that the user probably means.</summary>
internal static partial class ValueAdvice
{
    public static string For(LocatedNode node, OptionShape shape)
    {
        var scalar = node as LocatedScalar;
        string? word = scalar?.Text ?? scalar?.Bare;
        // A string in a file has quotes; on the command line it has none.
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

    /// <summary>Whether a word means a number that is not finite: NaN, -Infinity, 1e999.</summary>
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

    /// <summary>The JSON array for values separated by commas, in any brackets; null if they are not an array.</summary>
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
