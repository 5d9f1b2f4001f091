using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Points in a plane of two measured quantities. Colour shows the arm, shape a second property.</summary>
/// <param name="Lines">Lines that are drawn below the points.</param>
internal sealed record ScatterChart(
    string Title, string Horizontal, IReadOnlyList<ScatterPoint> Points, IReadOnlyList<ReferenceLine> Rules, IReadOnlyList<Line>? Lines = null)
{
    /// <summary>The points with finite coordinates.</summary>
    public IReadOnlyList<ScatterPoint> Points { get; } = [.. Points.Where(IsPlace)];

    /// <summary>Small dots below the points, for the seeds of each mean.</summary>
    public IReadOnlyList<ScatterPoint> Seeds { get; init; } = [];

    /// <summary>A staircase through points by ascending x, the best value at each cost. It continues to the right edge.</summary>
    public IReadOnlyList<ScatterPoint> Front { get; init; } = [];

    /// <summary>Whether the vertical axis is logarithmic; null: if the values are far apart.</summary>
    public bool? Log { get; init; }

    private static readonly Frame Frame = new(440, 250, 46, 10, 14, 40);

    private static readonly string[] Shapes =
    [
        "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
        "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
        "m-4.2 -4.2h8.4v8.4h-8.4z",
        "m0 -5l5 9h-10z",
    ];

    private const string Cross = "m-5 -1.5h3.5v-3.5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5z";
    private const string Dot = "m-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0z";

    public Html Draw()
    {
        if (Points.Count == 0)
        {
            return Html.Empty;
        }

        ScatterPoint[] seeds = [.. Seeds.Where(IsPlace)];
        var costs = Points.Concat(seeds).Select(point => point.X).ToArray();
        var far = costs.Min() > 0 && costs.Max() / costs.Min() > 10;
        // The axis starts at zero, unless all points would be at its far end.
        var fromZero = costs.Min() < costs.Max() / 2;
        var x = Scale.Over(far || !fromZero ? costs : [0, .. costs], Frame.Left, Frame.Left + Frame.PlotWidth, far);
        var marks = Points.Concat(seeds).Select(point => point.Y).ToArray();
        var ends = (Lines ?? []).SelectMany(line => line.Points).Select(point => point.High).ToArray();
        var near = Near([.. marks, .. ends]);
        var y = new ClippedScale(marks, ends, [.. near.Select(rule => rule.Value)], Log, Frame.Floor, Frame.Top);
        return Frame.Figure(
            "scatter",
            Title + (Log is not null && y.Scale.Log ? " (log)" : ""),
            string.Join("; ", Points.Select(point => point.Tip)),
            Html.Join([Frame.Vertical(y.Scale),
                Frame.Horizontal(x, Horizontal + (x.Log ? " (log)" : "") + (y.IsCut ? "; ↓ is below the axis" : "")),
                .. near.Select(rule => Dashed(rule, y)), .. (Lines ?? []).Select(line => Stroke(line, x, y)), Staircase(x, y),
                .. seeds.Select(seed => Mark(seed, Dot, "seed", x, y)),
                .. Points.Select(point => Mark(point, Path(point.Shape), "mark", x, y)),
                .. Points.Where(point => point.Label is not null).Select(point => Label(point, x, y))]));
    }

    private ReferenceLine[] Near(double[] values)
    {
        var spread = Math.Max(values.Max() - values.Min(), 1e-9);
        return [.. Rules.Where(rule => rule.Value > values.Min() - spread && rule.Value < values.Max() + spread)];
    }

    /// <summary>A shape for a legend.</summary>
    public static Html Key(int shape) => Html.Of(
        $"<svg class=\"swatch\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><path d=\"M0 0{Path(shape)}\"/></svg>");

    private static bool IsPlace(ScatterPoint point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    private static string Path(int shape) => shape < 0 ? Cross : Shapes[shape % Shapes.Length];

    private static Html Mark(ScatterPoint point, string shape, string css, Scale x, ClippedScale y)
    {
        var arrow = y.IsBelow(point.Y) ? Arrow(point.Css, x.Map(point.X)) : Html.Empty;
        return Html.Of($"{arrow}<path class=\"{css} {point.Css}\" d=\"M{Svg.At(x.Map(point.X))} "
            + $"{Svg.At(y.Map(point.Y))}{shape}\"><title>{point.Tip}</title></path>");
    }

    /// <summary>An arrow down at the lower edge.</summary>
    private static Html Arrow(string css, double x) =>
        Html.Of($"<path class=\"line {css}\" d=\"M{Svg.At(x)} {Svg.At(Frame.Floor - 9)}v9m-3.5 -5l3.5 5l3.5 -5\"/>");

    private static Html Label(ScatterPoint point, Scale x, ClippedScale y)
    {
        var at = x.Map(point.X);
        var left = at + Svg.Width(point.Label!) + 8 > Frame.Left + Frame.PlotWidth;
        return Html.Of($"<text class=\"note {point.Css}\" x=\"{Svg.At(at + (left ? -8 : 8))}\" y=\"{Svg.At(y.Map(point.Y) + 4)}\" "
            + $"text-anchor=\"{(left ? "end" : "start")}\">{point.Label}</text>");
    }

    private Html Staircase(Scale x, ClippedScale y) => Front.Count == 0 ? Html.Empty : Html.Of(
        $"<path class=\"front\" d=\"M{Svg.At(x.Map(Front[0].X))} {Svg.At(y.Map(Front[0].Y))}{string.Concat(Front.Skip(1).Select(
            point => $"H{Svg.At(x.Map(point.X))}V{Svg.At(y.Map(point.Y))}"))}H{Svg.At(Frame.Left + Frame.PlotWidth)}\"/>");

    private static Html Stroke(Line line, Scale x, ClippedScale y) => Html.Of(
        $"<path class=\"line {line.Css}\" d=\"M{string.Join('L', line.Points.Select(
            point => $"{Svg.At(x.Map(point.Step))} {Svg.At(y.Map(point.High))}"))}\"/>{line.Points
                // One arrow at the point where a line leaves the axis.
                .Where((point, at) => y.IsBelow(point.High) && (at == 0 || !y.IsBelow(line.Points[at - 1].High)))
                .Select(point => Arrow(line.Css, x.Map(point.Step)))}");

    private static Html Dashed(ReferenceLine rule, ClippedScale y) => Html.Of(
        $"<path class=\"rule\" d=\"M{Svg.At(Frame.Left)} {Svg.At(y.Map(rule.Value))}h{Svg.At(Frame.PlotWidth)}\"/><text "
            + $"class=\"note\" x=\"{Svg.At(Frame.Left + Frame.PlotWidth - 4)}\" y=\"{Svg.At(y.Map(rule.Value) - 4)}\" "
            + $"text-anchor=\"end\">{rule.Name}</text>");
}

/// <summary>A point of a scatter chart.</summary>
/// <param name="Shape">The index of a shape of <see cref="ScatterChart"/>; negative: a cross, for values that are not arms.</param>
/// <param name="Label">A text next to the mark, or null.</param>
internal sealed record ScatterPoint(double X, double Y, string Css, int Shape, string Tip, string? Label = null);

/// <summary>
/// The vertical axis of a scatter chart. A logarithmic axis ends below the smallest positive mark, and smaller values are placed at its end:
/// a zero, or a prediction of zero that rounding left at 1e-9, would otherwise compress all marks or rule out a logarithmic axis.
/// </summary>
internal sealed class ClippedScale
{
    // Beyond this ratio the axis is logarithmic, as other scales.
    private const double LogRatio = 30;

    // The ratio of the end of a cut axis to the smallest mark.
    private const double Room = 0.1;

    private readonly double _least = double.NegativeInfinity;

    /// <param name="marks">Measured values, at least one.</param>
    /// <param name="lines">Values of lines.</param>
    /// <param name="rules">Values of reference lines, which are always on the axis.</param>
    /// <param name="log">Whether the axis is logarithmic; null: if the marks are far apart.</param>
    public ClippedScale(
        IReadOnlyList<double> marks, IReadOnlyList<double> lines, IReadOnlyList<double> rules, bool? log, double from, double to)
    {
        double[] firm = [.. marks.Concat(rules).Where(value => value > 0)];
        double[] all = [.. marks, .. lines, .. rules];
        if (firm.Length > 0 && marks.Concat(rules).Min() >= 0 && (log ?? all.Max() / firm.Min() > LogRatio))
        {
            // Lines may extend a little below the marks. Reference lines extend the axis.
            _least = marks.Where(mark => mark > 0).Select(mark => mark * Room).Concat(rules.Where(rule => rule > 0)).Min();
            IsCut = all.Any(IsBelow);
            Scale = Scale.Over([.. all.Where(value => !IsBelow(value)), .. IsCut ? [_least] : Array.Empty<double>()], from, to, log: true, 0.08);
        }
        else
        {
            Scale = Scale.Over(all, from, to, log: false, 0.08);
        }
    }

    public Scale Scale { get; }

    /// <summary>Whether a value is below the axis.</summary>
    public bool IsCut { get; }

    public bool IsBelow(double value) => value < _least;

    public double Map(double value) => Scale.Map(IsBelow(value) ? _least : value);
}
