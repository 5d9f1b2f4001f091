using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Points in a plane of two measured quantities. Colour tells the arm, shape a second property.</summary>
/// <param name="Lines">Drawn below the points.</param>
internal sealed record ScatterChart(
    string Title, string Horizontal, IReadOnlyList<ScatterPoint> Points, IReadOnlyList<ReferenceLine> Rules, IReadOnlyList<Line>? Lines = null)
{
    /// <summary>Those that have a place: what is no number has none.</summary>
    public IReadOnlyList<ScatterPoint> Points { get; } = [.. Points.Where(IsPlace)];

    /// <summary>Small dots below the points: the seeds that a point is the mean of.</summary>
    public IReadOnlyList<ScatterPoint> Seeds { get; init; } = [];

    /// <summary>A staircase through points by ascending x: what can be had at each cost. It goes on to the right edge.</summary>
    public IReadOnlyList<ScatterPoint> Front { get; init; } = [];

    /// <summary>Whether the vertical axis is logarithmic; null: where the values ask for it.</summary>
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
        // From zero, unless all would then stand at the far end.
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
                .. Points.Where(point => point.Label is not null).Select(point => Beside(point, x, y))]));
    }

    private ReferenceLine[] Near(double[] values)
    {
        var spread = Math.Max(values.Max() - values.Min(), 1e-9);
        return [.. Rules.Where(rule => rule.Value > values.Min() - spread && rule.Value < values.Max() + spread)];
    }

    /// <summary>The shape alone, for a legend.</summary>
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

    /// <summary>At the lower edge, down.</summary>
    private static Html Arrow(string css, double x) =>
        Html.Of($"<path class=\"line {css}\" d=\"M{Svg.At(x)} {Svg.At(Frame.Floor - 9)}v9m-3.5 -5l3.5 5l3.5 -5\"/>");

    private static Html Beside(ScatterPoint point, Scale x, ClippedScale y)
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
                // One arrow where a line goes below, none along its way there.
                .Where((point, at) => y.IsBelow(point.High) && (at == 0 || !y.IsBelow(line.Points[at - 1].High)))
                .Select(point => Arrow(line.Css, x.Map(point.Step)))}");

    private static Html Dashed(ReferenceLine rule, ClippedScale y) => Html.Of(
        $"<path class=\"rule\" d=\"M{Svg.At(Frame.Left)} {Svg.At(y.Map(rule.Value))}h{Svg.At(Frame.PlotWidth)}\"/><text "
            + $"class=\"note\" x=\"{Svg.At(Frame.Left + Frame.PlotWidth - 4)}\" y=\"{Svg.At(y.Map(rule.Value) - 4)}\" "
            + $"text-anchor=\"end\">{rule.Name}</text>");
}

/// <summary>A point of a scatter chart.</summary>
/// <param name="Shape">Which of the shapes of <see cref="ScatterChart"/>; negative: that of what is only compared with.</param>
/// <param name="Label">Stands beside the mark, or null.</param>
internal sealed record ScatterPoint(double X, double Y, string Css, int Shape, string Tip, string? Label = null);

/// <summary>
/// The vertical axis of a scatter chart. What decides about it are the marks: a prediction of zero that rounding left at 1e-9, or a
/// measured zero, would press all else flat on a logarithmic axis, or keep it from being one. So such an axis ends below the smallest
/// positive mark, and what is smaller stands at its end.
/// </summary>
internal sealed class ClippedScale
{
    // Beyond this ratio marks need a logarithmic axis; as for other scales.
    private const double LogRatio = 30;

    // Room between the end of a cut axis and the smallest value on it.
    private const double Room = 0.1;

    private readonly double _least = double.NegativeInfinity;

    /// <param name="marks">Measured values, at least one.</param>
    /// <param name="lines">What is drawn beside them.</param>
    /// <param name="rules">Values to compare with: they stand on the axis wherever they are.</param>
    /// <param name="log">Whether it is logarithmic; null: where the marks ask for it.</param>
    public ClippedScale(
        IReadOnlyList<double> marks, IReadOnlyList<double> lines, IReadOnlyList<double> rules, bool? log, double from, double to)
    {
        double[] firm = [.. marks.Concat(rules).Where(value => value > 0)];
        double[] all = [.. marks, .. lines, .. rules];
        if (firm.Length > 0 && marks.Concat(rules).Min() >= 0 && (log ?? all.Max() / firm.Min() > LogRatio))
        {
            // A line may go a little below the marks; what is compared with is an end itself.
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

    /// <summary>Whether something lies below the axis.</summary>
    public bool IsCut { get; }

    public bool IsBelow(double value) => value < _least;

    public double Map(double value) => Scale.Map(IsBelow(value) ? _least : value);
}
