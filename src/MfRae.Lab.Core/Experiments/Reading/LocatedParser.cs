using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// Reads JSON with comments and trailing commas into located nodes. Where the text is broken it reports the place and
/// keeps what came before, so that the other mistakes up to there are found in the same go.
/// </summary>
/// <param name="file">As messages name it; null for the command line.</param>
/// <param name="depth">How many `extends` lead to it.</param>
internal sealed partial class LocatedParser(string? file, int depth, Mistakes mistakes)
{
    private readonly List<LocatedNode> _open = [];
    private LocatedNode? _root;
    private readonly List<LocatedScalar> _found = [];
    private BareWords _words = new([]);
    private byte[] _bytes = [];
    private int[] _lines = [];

    /// <summary>True after <see cref="Parse"/> read the text to its end.</summary>
    public bool Whole { get; private set; }

    /// <summary>Values that are not JSON, such as NaN or text without quotes: read as <see cref="LocatedScalar.Bare"/>, and a mistake.</summary>
    public IReadOnlyList<LocatedScalar> BareWords => _found;

    public LocatedNode? Parse(ReadOnlySpan<byte> text, string rootPath)
    {
        _words = new((text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text).ToArray());
        _bytes = _words.Text;
        _lines = [0, .. Enumerable.Range(0, _bytes.Length).Where(i => _bytes[i] == '\n').Select(i => i + 1)];
        var options = new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
        var reader = new Utf8JsonReader(_bytes, options);
        try
        {
            reader.Read();
            ReadValue(ref reader, rootPath, node => _root = node);
            while (reader.Read())
            {
                // Only comments may follow; the reader throws on anything else.
            }

            Whole = true;
        }
        catch (JsonException broken)
        {
            ReportBroken(broken, rootPath);
        }
        catch (InvalidOperationException broken)
        {
            // Text with half a surrogate pair is JSON, but no text.
            mistakes.Add(At(reader.TokenStartIndex, rootPath), broken.Message, "write whole characters");
        }

        return _root;
    }

    /// <param name="keep">Called before the value's own parts are read, so that what was read survives a break.</param>
    private void ReadValue(ref Utf8JsonReader reader, string path, Action<LocatedNode> keep)
    {
        var at = At(reader.TokenStartIndex, path);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var readObject = new LocatedObject(at);
                keep(readObject);
                _open.Add(readObject);
                ReadObject(ref reader, readObject);
                _open.RemoveAt(_open.Count - 1);
                break;
            case JsonTokenType.StartArray:
                var array = new LocatedArray(at);
                keep(array);
                _open.Add(array);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    ReadValue(ref reader, $"{path}[{array.Items.Count}]", array.Items.Add);
                }

                _open.RemoveAt(_open.Count - 1);
                break;
            default:
                keep(ReadScalar(ref reader, at));
                break;
        }
    }

    private void ReadObject(ref Utf8JsonReader reader, LocatedObject into)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            var key = At(reader.TokenStartIndex, Location.Join(into.Location.Path, name));
            reader.Read();
            if (into.Find(name) is { } first)
            {
                mistakes.Add(key, $"the key `{name}` is here twice", $"remove one of the two; the first is in line {first.Key.Line}");
                ReadValue(ref reader, key.Path, _ => { });
            }
            else
            {
                ReadValue(ref reader, key.Path, node => into.Properties.Add(new LocatedProperty(name, key, node)));
            }
        }
    }

    private LocatedScalar ReadScalar(ref Utf8JsonReader reader, Location at)
    {
        if (reader.TokenType != JsonTokenType.String || !_words.IsAt(reader.TokenStartIndex))
        {
            return ReadJson(ref reader, at);
        }

        string word = reader.GetString()!;
        var scalar = new LocatedScalar(at, JsonValueKind.Undefined, Quote(word), bare: word);
        _found.Add(scalar);
        return scalar;
    }

    private static LocatedScalar ReadJson(ref Utf8JsonReader reader, Location at) => reader.TokenType switch
    {
        JsonTokenType.String => new LocatedScalar(at, JsonValueKind.String, Quote(reader.GetString()!), reader.GetString()),
        JsonTokenType.Number => new LocatedScalar(at, JsonValueKind.Number, Encoding.UTF8.GetString(reader.ValueSpan)),
        JsonTokenType.True => new LocatedScalar(at, JsonValueKind.True, "true"),
        JsonTokenType.False => new LocatedScalar(at, JsonValueKind.False, "false"),
        _ => new LocatedScalar(at, JsonValueKind.Null, "null"),
    };

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private void ReportBroken(JsonException broken, string rootPath)
    {
        int line = (int)Math.Min(broken.LineNumber ?? 0, _lines.Length - 1);
        var lineBytes = _bytes.AsSpan(_lines[line]);
        int position = (int)Math.Min(broken.BytePositionInLine ?? 0, lineBytes.Length);
        string before = Encoding.UTF8.GetString(lineBytes[..position]);
        int column = before.Length + 1 - _words.Added(_lines[line], _lines[line] + position);
        string what = broken.Message.Split(" LineNumber:")[0];
        var inside = _open.LastOrDefault()?.Location;
        var at = new Location(file, file is null ? 0 : line + 1, inside?.Path ?? rootPath, depth);
        mistakes.Add(at, $"broken JSON at column {column}: {what}", Suggest(what, inside, before, Encoding.UTF8.GetString(lineBytes[position..])));
    }

    /// <param name="before">The line up to the break.</param>
    /// <param name="after">The rest of the text.</param>
    private static string Suggest(string what, Location? inside, string before, string after)
    {
        if (inside is not null
            && (what.Contains("end of data", StringComparison.Ordinal) || what.Contains("open JSON", StringComparison.Ordinal)))
        {
            return $"close what line {inside.Line} opens";
        }

        if (what.Contains("after a single JSON value", StringComparison.Ordinal))
        {
            return "remove what follows the object";
        }

        if (what.Contains("after a value", StringComparison.Ordinal))
        {
            return "put a comma after the value before it, or close the object or list";
        }

        if (DecimalBefore().Match(before) is { Success: true } whole && DecimalAfter().Match(after) is { Success: true } part)
        {
            var (left, right) = (whole.Groups[1].Value, part.Value);
            return $"write {left}.{right} with a decimal point, or [{left}, {right}] for a list";
        }

        if (what.Contains("start of a property name", StringComparison.Ordinal))
        {
            return "write the key in double quotes, or close the object";
        }

        return what.Contains("after a property name", StringComparison.Ordinal) || what.Contains("':'", StringComparison.Ordinal)
            ? "put a colon between key and value"
            : "write a number, true, false, null, a text in double quotes, a list in [ ] or an object in { }";
    }

    private Location At(long offset, string path)
    {
        if (file is null)
        {
            return Location.CommandLine(path);
        }

        int found = Array.BinarySearch(_lines, (int)offset);
        return new Location(file, (found >= 0 ? found : ~found - 1) + 1, path, depth);
    }

    [GeneratedRegex(@"(-?[0-9]+),\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalBefore();

    [GeneratedRegex(@"\A[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalAfter();
}
