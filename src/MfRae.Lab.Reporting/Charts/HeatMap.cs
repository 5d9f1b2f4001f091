using System.Globalization;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>
/// A grid of arms by two options. A stronger colour means a better value. The dot in a cell has the colour of the arm.
/// </summary>
/// <param name="Columns">Values of the option <paramref name="Horizontal"/>, left to right.</param>
/// <param name="Rows">Values of the option <paramref name="Vertical"/>, the first at the bottom, as on an axis.</param>
internal sealed record HeatMap(
    string Title, string Horizontal, string Vertical, IReadOnlyList<string> Columns, IReadOnlyList<string> Rows, IReadOnlyList<HeatCell> Cells)
{
    private const double Usual = 440;
    private const double Narrowest = 78;
    private const double Widest = 160;
    private const double High = 46;

    // Text must be legible on the strongest cell, in both themes.
    private const double Faintest = 0.04;
    private const double Strongest = 0.42;

    private double Left => Math.Clamp(Rows.Max(Svg.Width) + 14, 44, 120);

    /// <summary>The width of a cell: enough for its value and the name of its column. A small grid is as wide as other charts.</summary>
    private double Pitch => Math.Clamp(
        Math.Max((Usual - Left - 8) / Columns.Count, Math.Max(Columns.Max(Svg.Width), 1.3 * Cells.Max(cell => Svg.Width(cell.Value))) + 12),
        Narrowest, Widest);

    public double Width => Math.Max(Usual, Left + Columns.Count * Pitch + 8);

    public Html Draw()
    {
        const double Top = 24;
        var (left, wide) = (Left, Pitch);
        var height = Top + Rows.Count * High + 40;
        var frame = new Frame(Width, height, left, Top, 8, 40);
        return frame.Figure("heat", Title, string.Join("; ", Cells.Select(cell => cell.Tip)), Html.Join(
        [
            Html.Of($"<text class=\"note\" x=\"{Svg.At(4)}\" y=\"{Svg.At(14)}\">{Vertical}</text>"),
            .. Rows.Select((row, at) => Html.Of(
                $"<text class=\"name\" x=\"{Svg.At(left - 8)}\" y=\"{Svg.At(Y(at) + High / 2 + 4)}\">{Svg.Fit(row, left - 10)}</text>")),
            .. Columns.Select((column, at) => Html.Of(
                $"<text class=\"axis\" x=\"{Svg.At(left + (at + 0.5) * wide)}\" y=\"{Svg.At(frame.Floor + 15)}\">{Svg.Fit(column, wide)}</text>")),
            Html.Of($"<text class=\"axis\" x=\"{Svg.At(left + Columns.Count * wide / 2)}\" y=\"{Svg.At(height - 5)}\">{Horizontal}</text>"),
            .. Cells.Select(cell => Cell(cell, left + cell.Column * wide, Y(cell.Row), wide)),
        ]));

        double Y(int row) => Top + (Rows.Count - 1 - row) * High;
    }

    private static Html Cell(HeatCell cell, double x, double y, double wide)
    {
        var opacity = cell.Strength is { } strength ? Faintest + (Strongest - Faintest) * strength : 0;
        var fill = opacity.ToString("0.###", CultureInfo.InvariantCulture);
        var box = Html.Of($"<rect class=\"cell{(cell.Best ? " best" : "")}\" x=\"{Svg.At(x + 2)}\" y=\"{Svg.At(y + 2)}\" "
            + $"width=\"{Svg.At(wide - 4)}\" height=\"{Svg.At(High - 4)}\" rx=\"4\" fill-opacity=\"{fill}\"/>");
        return Html.Of($"<g class=\"{cell.Css}\"><title>{cell.Tip}</title>{box}"
            + $"<circle class=\"mean\" cx=\"{Svg.At(x + 10)}\" cy=\"{Svg.At(y + 10)}\" r=\"3.5\"/>"
            + $"<text class=\"value\" x=\"{Svg.At(x + wide / 2)}\" y=\"{Svg.At(y + High / 2 + 3)}\">{cell.Value}</text>"
            + $"<text class=\"axis\" x=\"{Svg.At(x + wide / 2)}\" y=\"{Svg.At(y + High / 2 + 16)}\">{cell.Note}</text></g>");
    }
}

/// <summary>A cell of a heat map: an arm at its place in the grid.</summary>
/// <param name="Value">The text of the cell.</param>
/// <param name="Strength">From 0 for the worst value to 1 for the best; null without a value.</param>
/// <param name="Best">Whether the cell is framed.</param>
internal sealed record HeatCell(int Column, int Row, string Css, string Value, string Note, double? Strength, bool Best, string Tip);
