using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>
/// Markup that is already escaped. The only ways to make one escape what they are given, so a stored string cannot become
/// an element.
/// </summary>
public readonly record struct Html
{
    private readonly string? _markup;

    private Html(string markup) => this._markup = markup;

    /// <summary>Nothing.</summary>
    public static Html Empty => default;

    public bool IsEmpty => string.IsNullOrEmpty(_markup);

    /// <summary>Literal parts are markup; strings in holes are escaped, <see cref="Html"/> in holes is placed as it is.</summary>
    public static Html Of(HtmlHandler handler) => new(handler.ToString());

    /// <summary>Escapes for element content and for quoted attributes alike.</summary>
    public static Html Text(string? text) => new(Escape(text ?? ""));

    public static Html Join(IEnumerable<Html> parts, Html separator = default) => new(string.Join(separator.ToString(), parts));

    /// <summary>
    /// Values for a script of the page to read, as an element that nothing executes. The writer escapes every character that could end it.
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

    public override string ToString() => _markup ?? "";

    /// <summary>Markup of this library's own making: rendered templates and embedded assets. Never data.</summary>
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
                // These turn the direction of what follows, beyond their own place: one name could look like another.
                >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => escaped.Append('\uFFFD'),
                _ when char.IsControl(character) => escaped.Append('\uFFFD'),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}

/// <summary>
/// Collects an interpolated string for <see cref="Html.Of"/>. There is no overload for floating-point numbers: those are
/// formatted first, by <see cref="Numbers"/> or <see cref="Charts.Svg"/>.
/// </summary>
[InterpolatedStringHandler]
public readonly struct HtmlHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _markup = new(literalLength + 16 * formattedCount);

    public void AppendLiteral(string value) => _markup.Append(value.ReplaceLineEndings("\n"));

    public void AppendFormatted(Html value) => _markup.Append(value.ToString());

    public void AppendFormatted(string? value) => _markup.Append(Html.Text(value).ToString());

    public void AppendFormatted(long value) => _markup.Append(value.ToString(CultureInfo.InvariantCulture));

    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (var value in values)
        {
            _markup.Append(value.ToString());
        }
    }

    public override string ToString() => _markup.ToString();
}
