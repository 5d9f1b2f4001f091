using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>
/// Markup that is already escaped. Every way to create it escapes its input, so a stored string can never become an element.
/// </summary>
public readonly record struct Html
{
    private readonly string? _markup;

    private Html(string markup) => this._markup = markup;

    /// <summary>No markup.</summary>
    public static Html Empty => default;

    /// <summary>Whether there is no markup.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(_markup);

    /// <summary>Markup from an interpolated string: interpolated strings are escaped, interpolated <see cref="Html"/> is not.</summary>
    public static Html Of(HtmlHandler handler) => new(handler.ToString());

    /// <summary>Escapes a text, for element content and for quoted attributes.</summary>
    public static Html Text(string? text) => new(Escape(text ?? ""));

    /// <summary>Joins parts, with a separator between them.</summary>
    public static Html Join(IEnumerable<Html> parts, Html separator = default) => new(string.Join(separator.ToString(), parts));

    /// <summary>
    /// A JSON element with values for a script of the page. Browsers do not execute it, and the writer escapes every character that could
    /// end the element.
    /// </summary>
    internal static Html Json(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            write(writer);
        }

        return new($"<script type=\"application/json\">{Encoding.UTF8.GetString(bytes.ToArray())}</script>");
    }

    /// <summary>The markup.</summary>
    public override string ToString() => _markup ?? "";

    /// <summary>Markup from this library: rendered templates and embedded assets. Never use it for data.</summary>
    internal static Html Trusted(string markup) => new(markup);

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = character switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\n' or '\t' => escaped.Append(character),
                '\r' => escaped,
                // These characters reverse the direction of the following text, so that one name could look like another.
                >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => escaped.Append('\uFFFD'),
                _ when char.IsControl(character) => escaped.Append('\uFFFD'),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}

/// <summary>
/// Collects an interpolated string for <see cref="Html.Of"/>. There is no overload for floating-point numbers: format them with
/// <see cref="Numbers"/> or <see cref="Charts.Svg"/>.
/// </summary>
[InterpolatedStringHandler]
public readonly struct HtmlHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _markup = new(literalLength + 16 * formattedCount);

    /// <summary>Appends a literal part of the string, with Unix line ends.</summary>
    public void AppendLiteral(string value) => _markup.Append(value.ReplaceLineEndings("\n"));

    /// <summary>Appends markup as it is.</summary>
    public void AppendFormatted(Html value) => _markup.Append(value.ToString());

    /// <summary>Appends a text, escaped.</summary>
    public void AppendFormatted(string? value) => _markup.Append(Html.Text(value).ToString());

    /// <summary>Appends an integer.</summary>
    public void AppendFormatted(long value) => _markup.Append(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Appends several pieces of markup.</summary>
    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (var value in values)
        {
            _markup.Append(value.ToString());
        }
    }

    /// <summary>The collected markup.</summary>
    public override string ToString() => _markup.ToString();
}
