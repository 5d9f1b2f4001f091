using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>
/// Collects an interpolated string for <see cref="Html.Of"/>. There is no overload for floating-point numbers: those are
/// formatted first, by <see cref="Numbers"/> or <see cref="Charts.Svg"/>.
/// </summary>
[InterpolatedStringHandler]
public readonly struct HtmlHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder markup = new(literalLength + 16 * formattedCount);

    public void AppendLiteral(string value) => markup.Append(value.ReplaceLineEndings("\n"));

    public void AppendFormatted(Html value) => markup.Append(value.ToString());

    public void AppendFormatted(string? value) => markup.Append(Html.Text(value).ToString());

    public void AppendFormatted(long value) => markup.Append(value.ToString(CultureInfo.InvariantCulture));

    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (var value in values)
        {
            markup.Append(value.ToString());
        }
    }

    public override string ToString() => markup.ToString();
}
