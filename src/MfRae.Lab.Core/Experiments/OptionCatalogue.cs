using System.Globalization;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Lists the options of experiment files by path, in the order of the records.</summary>
public static class OptionCatalogue
{
    /// <summary>All options: those of the file, those of `base` without the prefix `base.`, and those of `evaluation`.</summary>
    public static IReadOnlyList<OptionEntry> All()
    {
        var walker = new Walker(new OptionDocumentation());
        walker.Add([OptionTypes.ExperimentFile()], "", "");
        return walker.Entries;
    }

    /// <summary>The options at a path and below it; without one, the options whose path contains the text.</summary>
    public static IReadOnlyList<OptionEntry> Find(IReadOnlyList<OptionEntry> all, string path)
    {
        string wanted = path.StartsWith("base.", StringComparison.Ordinal) ? path["base.".Length..] : path;
        List<OptionEntry> below =
            [.. all.Where(entry => entry.Path == wanted || entry.Path.StartsWith(wanted + ".", StringComparison.Ordinal) || entry.Path.StartsWith(wanted + "[]", StringComparison.Ordinal))];
        return below.Count > 0 ? below : [.. all.Where(entry => entry.Path.Contains(wanted, StringComparison.OrdinalIgnoreCase))];
    }

    private sealed class Walker(OptionDocumentation documentation)
    {
        public List<OptionEntry> Entries { get; } = [];

        /// <summary>Adds the options of an object.</summary>
        /// <param name="types">Its record, or the records of its kinds.</param>
        /// <param name="prefix">The path of the object with a dot.</param>
        /// <param name="condition">The kinds of an outer object that have this object; empty: all.</param>
        public void Add(IReadOnlyList<OptionType> types, string prefix, string condition)
        {
            var options = types.SelectMany(type => type.Properties.Select(option => (Type: type, Option: option, Text: documentation.Of(type, option))));
            foreach (var shape in options.GroupBy(item => (item.Option.Name, Key: Shape(item.Option.Shape))))
            {
                // The path of an option of `base` is written without `base.`, as overrides and axes do.
                string path = prefix + shape.Key.Name;
                foreach (var entry in shape.GroupBy(item => (item.Option.Required, item.Option.Default, item.Text)))
                {
                    var option = entry.First().Option;
                    Entries.Add(new OptionEntry(
                        path, Value(option.Shape), OptionDocumentation.UnitOf(option.Shape), option.Required, Default(option),
                        Needs(entry.Select(item => item.Type)), entry.Key.Text));
                }

                AddInner(shape.First().Option.Shape, path == "base" ? "" : path, Needs(shape.Select(item => item.Type)));
            }

            string Needs(IEnumerable<OptionType> owners) => owners.Select(owner => owner.Kind).OfType<string>().ToList() is var kinds
                && (kinds.Count == 0 || kinds.Count == types.Count) ? condition : $"{prefix[..^1]}: {string.Join(", ", kinds)}";
        }

        private void AddInner(OptionShape shape, string path, string condition)
        {
            string prefix = path.Length == 0 ? "" : path + ".";
            switch (shape)
            {
                case ObjectShape inner:
                    Add([inner.Type], prefix, condition);
                    break;
                case UnionShape union:
                    Entries.Add(new OptionEntry(
                        prefix + "kind",
                        string.Join(" | ", union.KindNames),
                        null,
                        union.DefaultKind is null,
                        union.DefaultKind is { } kind ? $"\"{kind}\"" : null,
                        condition,
                        string.Join(' ', union.Kinds.Select(type => $"{type.Kind}: {documentation.Of(type.Record!)}"))));
                    Add(union.Kinds, prefix, condition);
                    break;
                case ListShape { Item: ObjectShape or UnionShape } list:
                    AddInner(list.Item, path + "[]", condition);
                    break;
                default:
                    break;
            }
        }

        // Shapes of one record are equal, although their lists of options are not the same object.
        private static object Shape(OptionShape shape) => shape switch
        {
            ObjectShape { Type.Record: { } record } => record,
            UnionShape union => union.Base,
            _ => Value(shape),
        };

        private static string Value(OptionShape shape) => shape switch
        {
            NumberShape or BooleanShape or CustomShape => shape.Expected,
            TextShape { Choices.Count: > 0 } text => string.Join(" | ", text.Choices),
            ObjectShape or UnionShape => "an object",
            ListShape list => $"an array of: {Value(list.Item)}",
            _ => shape.Expected,
        };

        private static string? Default(OptionProperty option) => option.Default switch
        {
            null => null,
            string text => $"\"{text}\"",
            bool flag => flag ? "true" : "false",
            var number => Convert.ToString(number, CultureInfo.InvariantCulture),
        };
    }
}

/// <summary>An option of experiment files.</summary>
/// <param name="Path">Its path, as overrides and axes write it; `[]` stands for each item of an array.</param>
/// <param name="Value">The values that it accepts.</param>
/// <param name="Unit">Its unit; null for none.</param>
/// <param name="Required">Whether it has no default.</param>
/// <param name="Default">Its default as JSON; null if it is required, or absent by default.</param>
/// <param name="Needs">The kinds of an object that have the option, as `path: kind, kind`; empty if it does not depend on a kind.</param>
/// <param name="Description">What it means.</param>
public sealed record OptionEntry(
    string Path,
    string Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unit,
    bool Required,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Default,
    string Needs,
    string Description);
