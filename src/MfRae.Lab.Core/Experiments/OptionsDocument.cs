using System.Globalization;
using System.Text;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Writes docs/options.md: all options of experiment files, each record once. An option whose value is an object links to the section of its
/// record.
/// </summary>
public static class OptionsDocument
{
    private const string Start = """
        # Options of experiment files

        This file is generated from the option records: `dotnet run -- options --markdown > docs/options.md`. `dotnet run -- options meanflow.training`
        prints a part of it, and editors show the same descriptions from `experiments/experiment.schema.json`.

        Paths are written as overrides and axes write them: `meanflow.lambda` is `lambda` in `meanflow` in `base`. An object with several kinds chooses
        one by its `kind`. An option without a default is required, unless the column says *absent*. `null` resets an option to its default.

        """;

    /// <summary>The document.</summary>
    public static string Write()
    {
        var writer = new Writer(new OptionDocumentation());
        writer.AddFile(OptionTypes.ExperimentFile());
        return (Start + writer.Text()).ReplaceLineEndings("\n");
    }

    private sealed class Writer(OptionDocumentation documentation)
    {
        private readonly List<Section> _sections = [];

        public void AddFile(OptionType file)
        {
            var section = new Section("The file", [file], null, []);
            _sections.Add(section);
            AddInner(file, "");
        }

        public string Text()
        {
            var text = new StringBuilder();
            foreach (var section in _sections)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n{(section.Title.Contains('.', StringComparison.Ordinal) ? "###" : "##")} {section.Title}\n");
                if (section.Record is { } record)
                {
                    text.Append(CultureInfo.InvariantCulture, $"\n{Escaped(documentation.Of(record))}\n");
                }

                if (section.Paths.Count > 1)
                {
                    text.Append(CultureInfo.InvariantCulture, $"\nAlso {string.Join(", ", section.Paths.Skip(1).Select(path => $"`{path}`"))}.\n");
                }

                foreach (var type in section.Types)
                {
                    Append(text, type);
                }
            }

            return text.ToString();
        }

        private void Append(StringBuilder text, OptionType type)
        {
            if (type.Kind is { } kind)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n**`{kind}`** {Escaped(documentation.Of(type.Record!))}\n");
            }

            if (type.Properties.Count == 0)
            {
                return;
            }

            text.Append("\n| option | value | default | |\n|---|---|---|---|\n");
            foreach (var option in type.Properties)
            {
                string value = Escaped(Value(option.Shape));
                string unit = OptionDocumentation.UnitOf(option.Shape) is { } name ? $" ({name})" : "";
                text.Append(CultureInfo.InvariantCulture,
                    $"| `{option.Name}` | {value}{unit} | {Default(option)} | {Escaped(documentation.Of(type, option))} |\n");
            }
        }

        private void AddInner(OptionType owner, string prefix)
        {
            foreach (var option in owner.Properties)
            {
                string path = prefix + option.Name;
                Visit(option.Shape, path == "base" ? "" : path, owner.Kind);
            }
        }

        private void Visit(OptionShape shape, string path, string? kind)
        {
            switch (shape)
            {
                case ObjectShape { Type.Record: null } inner:
                    _sections.Add(new Section(Title(path, kind), [inner.Type], null, [path]));
                    AddInner(inner.Type, path + ".");
                    break;
                case ObjectShape inner when path.Length == 0:
                    AddInner(inner.Type, "");
                    break;
                case ObjectShape inner:
                    Add(path, kind, inner.Type.Record!, [inner.Type]);
                    break;
                case UnionShape union:
                    Add(path, kind, union.Base, union.Kinds);
                    break;
                case ListShape { Item: ObjectShape or UnionShape } list:
                    Visit(list.Item, path, kind);
                    break;
                default:
                    break;
            }
        }

        private void Add(string path, string? kind, Type record, IReadOnlyList<OptionType> types)
        {
            // A record that is also a kind of a union has a separate section with its options alone.
            if (_sections.Find(section => section.Record == record && section.Types.Count == types.Count) is { } known)
            {
                if (!known.Paths.Contains(path))
                {
                    known.Paths.Add(path);
                }

                return;
            }

            _sections.Add(new Section(Title(path, kind), types, record, [path]));
            foreach (var type in types)
            {
                AddInner(type, path + ".");
            }
        }

        private string Title(string path, string? kind) =>
            _sections.Exists(section => section.Paths.Contains(path)) ? $"`{path}` of kind {kind}" : $"`{path}`";

        private string Value(OptionShape shape) => shape switch
        {
            TextShape { Choices.Count: > 0 } text => string.Join(", ", text.Choices.Select(choice => $"`{choice}`")),
            ObjectShape { Type.Record: { } record } => Link(record, "an object"),
            UnionShape union => Link(union.Base, "an object by `kind`"),
            ListShape { Item: ObjectShape or UnionShape } list => $"an array: {Value(list.Item)}",
            ListShape { Item: TextShape { Choices.Count: > 0 } } list => $"an array of {Value(list.Item)}",
            ObjectShape => "an object",
            _ => shape.Expected,
        };

        private string Link(Type record, string text) =>
            _sections.Find(section => section.Record == record) is { } section ? $"[{text}](#{Anchor(section.Title)})" : text;

        private static string Default(OptionProperty option) => option switch
        {
            { Required: true } => "",
            { Default: null } => "*absent*",
            { Default: string text } => $"`{text}`",
            { Default: bool flag } => flag ? "`true`" : "`false`",
            _ => $"`{Convert.ToString(option.Default, CultureInfo.InvariantCulture)}`",
        };

        // As GitHub makes anchors: lower case, hyphens for spaces, no punctuation.
        private static string Anchor(string title) =>
            string.Concat(title.ToLowerInvariant().Replace(' ', '-').Where(character => char.IsLetterOrDigit(character) || character is '-' or '_'));

        private static string Escaped(string text) =>
            text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);
    }

    /// <summary>A section of the document.</summary>
    /// <param name="Types">The record, or its kinds.</param>
    /// <param name="Record">The record that all kinds extend; null for the options of the file itself.</param>
    /// <param name="Paths">The paths of the options whose values are such objects.</param>
    private sealed record Section(string Title, IReadOnlyList<OptionType> Types, Type? Record, List<string> Paths);
}
