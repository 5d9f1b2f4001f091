using System.Globalization;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Pieces that all charts share.</summary>
internal static class Svg
{
    /// <summary>A coordinate, to a tenth of a pixel.</summary>
    public static Html At(double value) => Html.Text(Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture));

    /// <summary>A number that scripts read back, without loss.</summary>
    public static Html Exact(double value) => Html.Text(value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>
    /// A number that scripts read back, to so many digits: the last bits of a sum or a quantile may differ between machines.
    /// </summary>
    public static Html Digits(double value, int digits) => Html.Text(value.ToString("G" + digits, CultureInfo.InvariantCulture));

    /// <summary>
    /// Text cut to a width in pixels at the size of chart labels, with an ellipsis in its middle: names of options and arms differ at
    /// either end.
    /// </summary>
    public static string Fit(string text, double width)
    {
        var characters = Math.Max(2, (int)(width / Character));
        if (text.Length <= characters)
        {
            return text;
        }

        var (head, tail) = (characters / 2, text.Length - (characters - 1) / 2);
        // Half a pair of surrogates is no character.
        return text[..(char.IsHighSurrogate(text[head - 1]) ? head - 1 : head)] + "…"
            + text[(tail < text.Length && char.IsLowSurrogate(text[tail]) ? tail + 1 : tail)..];
    }

    /// <summary>About how wide chart labels are.</summary>
    public static double Width(string text) => text.Length * Character;

    private const double Character = 6.7;
}
