using System.Globalization;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Values that can be pasted into an experiment file: the example of an option, and for an object its required options.</summary>
internal static class ExampleValue
{
    /// <summary>`"name": value`.</summary>
    public static string Of(OptionProperty option) => $"\"{option.Name}\": {option.Example ?? Of(option.Shape)}";

    /// <summary>A value of a shape: the first choice or kind, and the smallest number.</summary>
    public static string Of(OptionShape shape) => shape switch
    {
        NumberShape number => Json(number.Minimum),
        BooleanShape => "false",
        TextShape { Choices: [var first, ..] } => $"\"{first}\"",
        TextShape => "\"…\"",
        ListShape list => $"[{Of(list.Item)}]",
        ObjectShape inner => Of(inner.Type),
        UnionShape union => Of(union.Kinds[0]),
        _ => "…",
    };

    private static string Of(OptionType type)
    {
        List<string> parts =
        [
            .. type.Kind is null ? [] : new[] { $"\"kind\": \"{type.Kind}\"" },
            .. type.Properties.Where(option => option.Required).Select(Of),
        ];
        return parts.Count == 0 ? "{}" : $"{{ {string.Join(", ", parts)} }}";
    }

    private static string Json(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
