using System.Globalization;
using System.Text;

namespace MfRae.Lab.Core;

/// <summary>
/// Text of unknown origin as it may stand in a message: a control character could move a terminal's cursor, and a character that
/// changes the direction of writing could make one name look like another.
/// </summary>
public static class PrintableText
{
    private const int MostShown = 200;

    /// <summary>On one line, with what cannot be seen written as \uXXXX, and cut where it is long.</summary>
    public static string Of(string text, int most = MostShown)
    {
        var shown = new StringBuilder();
        foreach (var rune in (text.Length > most ? text[..most] : text).EnumerateRunes())
        {
            shown.Append(IsHidden(rune) ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}") : rune.ToString());
        }

        return text.Length > most
            ? shown.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)").ToString()
            : shown.ToString();
    }

    /// <summary>A message that may quote a text without end: what is too long loses its middle, for what is said stands around the quote.</summary>
    public static string Shortened(string message, int most) => message.Length <= most
        ? message
        : string.Create(
            CultureInfo.InvariantCulture, $"{message[..(most / 2)]} … ({message.Length} characters) … {message[^(most / 2)..]}");

    /// <summary>Whether a character by itself cannot be seen; one half of a pair can, with the other.</summary>
    public static bool IsHidden(char character) => !char.IsSurrogate(character) && IsHidden(new Rune(character));

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
