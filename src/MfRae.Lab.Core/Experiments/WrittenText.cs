using System.Text;
using System.Text.Unicode;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Text files that people write, in the encoding that their editor or shell chose: `>` of Windows PowerShell 5.1 writes UTF-16. A byte
/// order mark says which encoding it is; without one the file must be UTF-8.
/// </summary>
public static class WrittenText
{
    private static readonly (byte[] Mark, string Name, Encoding Encoding)[] Marked =
    [
        // UTF-32 first: its mark begins with that of UTF-16.
        ([0xFF, 0xFE, 0x00, 0x00], "UTF-32", new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0x00, 0x00, 0xFE, 0xFF], "UTF-32", new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ([0xFF, 0xFE], "UTF-16", new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true)),
        ([0xFE, 0xFF], "UTF-16", new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true)),
    ];

    /// <summary>What keeps a file from being text.</summary>
    /// <param name="Line">From 1.</param>
    public sealed record Fault(int Line, string Message, string Suggestion);

    /// <summary>Converts a file's content to UTF-8 without a byte order mark.</summary>
    /// <param name="utf8">The text; empty where there is a fault.</param>
    /// <returns>Why the content is not text, or null.</returns>
    public static Fault? Read(byte[] content, out byte[] utf8)
    {
        utf8 = [];
        foreach (var (mark, name, encoding) in Marked)
        {
            if (!content.AsSpan().StartsWith(mark))
            {
                continue;
            }

            try
            {
                utf8 = Encoding.UTF8.GetBytes(encoding.GetString(content.AsSpan(mark.Length)));
            }
            catch (ArgumentException)
            {
                return new Fault(1, $"this file begins as {name} and is broken", "save it as UTF-8");
            }

            return FirstFault(utf8);
        }

        if (Unmarked(content) is { } other)
        {
            return new Fault(1, $"this file is {other} without a byte order mark", "save it as UTF-8");
        }

        var text = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var fault = FirstFault(text);
        utf8 = fault is null ? text : [];
        return fault;
    }

    /// <summary>Text begins with an ASCII character, so zeros among the first bytes tell how wide a character is.</summary>
    private static string? Unmarked(ReadOnlySpan<byte> content) => content switch
    {
        [0, 0, 0, not 0, ..] or [not 0, 0, 0, 0, ..] => "UTF-32",
        [0, not 0, 0, not 0, ..] or [not 0, 0, not 0, 0, ..] => "UTF-16",
        _ => null,
    };

    private static Fault? FirstFault(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text) && !text.Contains((byte)0))
        {
            return null;
        }

        int line = 1;
        int column = 1;
        while (Rune.DecodeFromUtf8(text, out var character, out int length) == System.Buffers.OperationStatus.Done && character.Value != 0)
        {
            (line, column) = character.Value == '\n' ? (line + 1, 1) : (line, column + character.Utf16SequenceLength);
            text = text[length..];
        }

        return text[0] == 0
            ? new Fault(line, $"byte 0x00 at column {column} is not text", "remove it, or save the file as text in UTF-8")
            : new Fault(line, $"byte 0x{text[0]:X2} at column {column} is not UTF-8", "save the file as UTF-8");
    }
}
