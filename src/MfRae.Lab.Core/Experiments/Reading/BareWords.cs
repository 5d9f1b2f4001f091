using System.Text;
using System.Text.Json;

namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// Puts double quotes around words that stand where a value must and are not JSON: NaN, True, .5, 'text'. The file can then be read to
/// its end, and the mistake is reported with what the option takes.
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

    /// <summary>Whether a quote that was added begins at this place of <see cref="Text"/>.</summary>
    public bool IsAt(long offset) => _starts.Contains((int)offset);

    /// <summary>How many characters were added between two places.</summary>
    public int Added(int from, int to) => 2 * _starts.Count(start => start >= from && start < to);

    private void Quote(ReadOnlySpan<byte> text)
    {
        // The beginning is a place for a value, as after a colon.
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

    /// <summary>Of the space, structural character, comment, string or word that the text begins with.</summary>
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
