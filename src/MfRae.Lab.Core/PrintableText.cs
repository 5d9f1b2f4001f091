using System.Globalization;
using System.Text;

namespace MfRae.Lab.Core;

/// <summary>
/// Makes text of unknown origin safe for messages: a control character could move a terminal's cursor, and a character that changes the
/// writing direction could make one name look like another.
/// </summary>
public static class PrintableText
{
    private const int MostShown = 200;

    /// <summary>The text on one line, with invisible characters as \uXXXX, truncated if it is long.</summary>
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

    /// <summary>Shortens a message that may quote a very long text: removes the middle, because the message itself surrounds the quote.</summary>
    public static string Shortened(string message, int most) => message.Length <= most
        ? message
        : string.Create(
            CultureInfo.InvariantCulture, $"{message[..(most / 2)]} … ({message.Length} characters) … {message[^(most / 2)..]}");

    /// <summary>Whether a character is invisible; a half of a surrogate pair is not.</summary>
    public static bool IsHidden(char character) => !char.IsSurrogate(character) && IsHidden(new Rune(character));

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
