using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Parses JSON with comments and trailing commas into located nodes. At a syntax error it reports the location and keeps the nodes before
/// it, so that the mistakes up to there are reported too.
/// </summary>
/// <param name="file">The name of the file in messages; null for the command line.</param>
/// <param name="depth">The number of `extends` that lead to the file.</param>
internal sealed partial class LocatedParser(string? file, int depth, Diagnostics mistakes)
{
    private readonly List<LocatedNode> _open = [];
    private LocatedNode? _root;
    private readonly List<LocatedScalar> _found = [];
    private BareWords _words = new([]);
    private byte[] _bytes = [];
    private int[] _lines = [];

    /// <summary>Whether <see cref="Parse"/> read the text to its end.</summary>
    public bool Whole { get; private set; }

    /// <summary>Words that are not JSON, such as NaN or unquoted text. They are parsed as <see cref="LocatedScalar.Bare"/> and are mistakes.</summary>
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
            // A string with half a surrogate pair is valid JSON syntax, but not a valid string.
            mistakes.Add(At(reader.TokenStartIndex, rootPath), broken.Message, "write both halves of the surrogate pair, or the character itself");
        }

        return _root;
    }

    /// <param name="keep">Called before the parts of the value are read, so that the parts before a syntax error are kept.</param>
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
                mistakes.Add(key, $"duplicate key `{name}`", $"remove one of the two; the first is on line {first.Key.Line}");
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
        mistakes.Add(at, $"invalid JSON at column {column}: {what}", Suggest(what, inside, before, Encoding.UTF8.GetString(lineBytes[position..])));
    }

    /// <param name="before">The line up to the error.</param>
    /// <param name="after">The rest of the text.</param>
    private static string Suggest(string what, Location? inside, string before, string after)
    {
        if (inside is not null
            && (what.Contains("end of data", StringComparison.Ordinal) || what.Contains("open JSON", StringComparison.Ordinal)))
        {
            return $"close the object or array that line {inside.Line} opens";
        }

        if (what.Contains("after a single JSON value", StringComparison.Ordinal))
        {
            return "remove the text after the object";
        }

        if (what.Contains("after a value", StringComparison.Ordinal))
        {
            return "add a comma after the previous value, or close the object or array";
        }

        if (DecimalBefore().Match(before) is { Success: true } whole && DecimalAfter().Match(after) is { Success: true } part)
        {
            var (left, right) = (whole.Groups[1].Value, part.Value);
            return $"write {left}.{right} with a decimal point, or [{left}, {right}] for an array";
        }

        if (what.Contains("start of a property name", StringComparison.Ordinal))
        {
            return "write the key in double quotes, or close the object";
        }

        return what.Contains("after a property name", StringComparison.Ordinal) || what.Contains("':'", StringComparison.Ordinal)
            ? "add a colon between key and value"
            : "write a number, true, false, null, a string in double quotes, an array in [ ] or an object in { }";
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

/// <summary>
/// Adds double quotes to words that are used as values but are not JSON: NaN, True, .5, 'text'. The rest of the file can then be parsed,
/// and the mistake is reported together with the values that the option accepts.
/// </summary>
internal sealed class BareWords
{
    private readonly List<byte> _quoted;
    private readonly HashSet<int> _starts = [];

    /// <param name="text">JSON in UTF-8, without a byte order mark.</param>
    public BareWords(byte[] text)
    {
        _quoted = new List<byte>(text.Length);
        Quote(text);
        Text = [.. _quoted];
    }

    /// <summary>The text with the quotes.</summary>
    public byte[] Text { get; }

    /// <summary>Whether an added quote begins at this offset of <see cref="Text"/>.</summary>
    public bool IsAt(long offset) => _starts.Contains((int)offset);

    /// <summary>The number of characters added between two offsets.</summary>
    public int Added(int from, int to) => 2 * _starts.Count(start => start >= from && start < to);

    private void Quote(ReadOnlySpan<byte> text)
    {
        // A value may begin at the start of the text, as after a colon.
        byte before = (byte)':';
        while (text.Length > 0)
        {
            int length = Length(text);
            var token = text[..length];
            bool isWord = token[0] is not ((byte)'"' or (byte)'/') && !IsSpace(token[0]) && !IsStructure(token[0]);
            if (isWord && before is (byte)':' or (byte)'[' or (byte)',' && !IsKey(text[length..]) && !IsJson(token) && IsPlain(token))
            {
                _starts.Add(_quoted.Count);
                _quoted.AddRange([(byte)'"', .. token, (byte)'"']);
            }
            else
            {
                _quoted.AddRange(token);
            }

            before = IsSpace(token[0]) || IsComment(text) ? before : token[^1];
            text = text[length..];
        }
    }

    /// <summary>The length of the space, structural character, comment, string or word that the text begins with.</summary>
    private static int Length(ReadOnlySpan<byte> text)
    {
        if (IsSpace(text[0]) || IsStructure(text[0]))
        {
            return 1;
        }

        if (IsComment(text))
        {
            int end = text[1] == '/' ? text.IndexOf((byte)'\n') : text[2..].IndexOf("*/"u8) is >= 0 and var found ? found + 4 : -1;
            return end < 0 ? text.Length : end;
        }

        int length = 1;
        if (text[0] == '"')
        {
            while (length < text.Length && text[length] is not ((byte)'"' or (byte)'\n'))
            {
                length += text[length] == '\\' ? 2 : 1;
            }

            return Math.Min(length + 1, text.Length);
        }

        while (length < text.Length && !IsSpace(text[length]) && !IsStructure(text[length]) && text[length] != '"' && !IsComment(text[length..]))
        {
            length++;
        }

        return length;
    }

    private static bool IsComment(ReadOnlySpan<byte> text) => text is [(byte)'/', (byte)'/' or (byte)'*', ..];

    private static bool IsSpace(byte character) => character is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static bool IsStructure(byte character) =>
        character is (byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)',' or (byte)':';

    private static bool IsKey(ReadOnlySpan<byte> rest) => rest.TrimStart(" \t\r\n"u8) is [(byte)':', ..];

    private static bool IsPlain(ReadOnlySpan<byte> word) => !word.Contains((byte)'\\') && !word.ContainsAnyInRange((byte)0, (byte)31);

    private static bool IsJson(ReadOnlySpan<byte> word)
    {
        try
        {
            var reader = new Utf8JsonReader(word);
            return reader.Read() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
