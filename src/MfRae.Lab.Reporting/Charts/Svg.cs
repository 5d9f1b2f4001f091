using System.Globalization;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Helpers that all charts share.</summary>
internal static class Svg
{
    /// <summary>A coordinate, to a tenth of a pixel.</summary>
    public static Html At(double value) => Html.Text(Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture));

    /// <summary>A number for scripts, without loss of precision.</summary>
    public static Html Exact(double value) => Html.Text(value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>
    /// A number for scripts, with N significant digits: the last bits of a sum or a quantile may differ between machines.
    /// </summary>
    public static Html Digits(double value, int digits) => Html.Text(value.ToString("G" + digits, CultureInfo.InvariantCulture));

    /// <summary>
    /// Cuts a text to a width in pixels at the size of chart labels. The ellipsis is in the middle, because names of options and arms differ
    /// at either end.
    /// </summary>
    public static string Fit(string text, double width)
    {
        var characters = Math.Max(2, (int)(width / Character));
        if (text.Length <= characters)
        {
            return text;
        }

        var (head, tail) = (characters / 2, text.Length - (characters - 1) / 2);
        // Does not split a surrogate pair.
        return text[..(char.IsHighSurrogate(text[head - 1]) ? head - 1 : head)] + "…"
            + text[(tail < text.Length && char.IsLowSurrogate(text[tail]) ? tail + 1 : tail)..];
    }

    /// <summary>The approximate width of a chart label, in pixels.</summary>
    public static double Width(string text) => text.Length * Character;

    private const double Character = 6.7;
}

/// <summary>The frame of a chart: the area of the plot, the axes, and the texts for assistive technology.</summary>
internal sealed record Frame(double Width, double Height, double Left, double Top, double Right, double Bottom)
{
    public double PlotWidth => Width - Left - Right;

    public double PlotHeight => Height - Top - Bottom;

    public double Floor => Height - Bottom;

    /// <summary>Vertical grid lines with labels below.</summary>
    public Html Horizontal(Scale scale, string label, int ticks = 6) => Html.Of(
        $"""
        <g class="grid">{scale.Ticks(ticks).Select(tick => Html.Of($"<path d=\"M{Svg.At(scale.Map(tick.Value))} {Svg.At(Top)}V{Svg.At(Floor)}\"/>"))}</g><g class="ticks x">{scale.Ticks(ticks).Select(tick => Html.Of($"<text x=\"{Svg.At(scale.Map(tick.Value))}\" y=\"{Svg.At(Floor + 15)}\">{tick.Label}</text>"))}</g><text class="axis" x="{Svg.At(Left + PlotWidth / 2)}" y="{Svg.At(Height - 5)}">{label}</text>
        """);

    /// <summary>Horizontal grid lines with labels on the left.</summary>
    public Html Vertical(Scale scale, int ticks = 5) => Html.Of(
        $"""
        <g class="grid">{scale.Ticks(ticks).Select(tick => Html.Of($"<path d=\"M{Svg.At(Left)} {Svg.At(scale.Map(tick.Value))}h{Svg.At(PlotWidth)}\"/>"))}</g><g class="ticks y">{scale.Ticks(ticks).Select(tick => Html.Of($"<text x=\"{Svg.At(Left - 6)}\" y=\"{Svg.At(scale.Map(tick.Value) + 3.5)}\">{tick.Label}</text>"))}</g>
        """);

    /// <summary>The whole figure.</summary>
    /// <param name="description">The content of the chart in words, for screen readers.</param>
    /// <param name="after">Markup after the drawing.</param>
    public Html Figure(
        string css, string title, string description, Html content, Html attributes = default, Html after = default) => Html.Of(
        $"""
        <figure class="chart {css}"><figcaption>{title}</figcaption><svg viewBox="0 0 {Svg.At(Width)} {Svg.At(Height)}" role="img"{attributes}><title>{title}</title><desc>{description}</desc>{content}</svg>{after}</figure>
        """);
}

/// <summary>A reference value, drawn as a dashed line if it is within the range of the chart.</summary>
internal sealed record ReferenceLine(double Value, string Name);
