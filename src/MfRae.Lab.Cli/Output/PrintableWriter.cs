using System.Globalization;
using System.Text;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>
/// Text for people. Names, notes and errors in it come from files and databases of anybody: what cannot be seen is written as \uXXXX,
/// so that nothing moves the cursor of a terminal or turns the direction of its text. Line ends and tabulators stay.
/// </summary>
public sealed class PrintableWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    /// <summary>The same of a text at hand.</summary>
    public static string Clean(string text)
    {
        using var cleaned = new StringWriter(CultureInfo.InvariantCulture);
        using var writer = new PrintableWriter(cleaned);
        writer.Write(text);
        return cleaned.ToString();
    }

    public override void Write(char value)
    {
        if (value is '\n' or '\r' or '\t' || !PrintableText.IsHidden(value))
            inner.Write(value);
        else
            inner.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)value:x4}"));
    }

    public override void Write(string? value)
    {
        foreach (var character in value ?? "")
            Write(character);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        foreach (var character in buffer.AsSpan(index, count))
            Write(character);
    }

    public override void Flush() => inner.Flush();
}
