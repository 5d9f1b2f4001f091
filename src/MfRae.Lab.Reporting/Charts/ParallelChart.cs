using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Parallel coordinates: a vertical axis for each option in which arms differ, and the measured values on the right.</summary>
internal sealed record ParallelChart(string Title, string Metric, IReadOnlyList<ParallelAxis> Axes, IReadOnlyList<ParallelLine> Lines)
{
    private const double Pitch = 128;
    private const double Left = 70;
    private const double Right = 64;

    public double Width => Left + Axes.Count * Pitch + Right;

    public Html Draw()
    {
        const double Top = 30;
        var frame = new Frame(Width, 300, Left, Top, Right, 18);
        var values = Lines.Where(line => line.Value is not null).Select(line => line.Value!.Value).ToArray();
        var scale = Scale.Over(values, frame.Floor - 8, frame.Top + 8);
        var end = Left + Axes.Count * Pitch;
        return frame.Figure("parallel", Title + (scale.Log ? " (log)" : ""), string.Join("; ", Lines.Select(line => line.Tip)), Html.Join(
        [
            .. Lines.Select(line => Stroke(frame, line, scale, end)),
            .. Axes.Select((axis, at) => Axis(frame, axis, Left + at * Pitch)),
            Upright(frame, end, Metric, Metric),
            .. scale.Ticks(6).Select(tick => Label(end + 7, scale.Map(tick.Value), tick.Label, "start")),
        ]));
    }

    private static Html Axis(Frame frame, ParallelAxis axis, double x) => Html.Join(
    [
        Upright(frame, x, axis.Name, End(axis.Name)),
        .. axis.Values.Select((value, at) => Label(x - 7, Place(frame, at, axis.Values.Count), Svg.Fit(value, 62), "end")),
    ]);

    /// <summary>As much of the end of a path as fits: `kind` alone would be ambiguous.</summary>
    private static string End(string path)
    {
        while (Svg.Width(path) > Pitch - 8 && path.Contains('.', StringComparison.Ordinal))
        {
            path = path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..];
        }

        return path;
    }

    private static Html Upright(Frame frame, double x, string name, string label) => Html.Of(
        $"<path class=\"upright\" d=\"M{Svg.At(x)} {Svg.At(frame.Top)}V{Svg.At(frame.Floor)}\"/><text class=\"axis\" x=\"{Svg.At(x)}\" "
            + $"y=\"{Svg.At(16)}\">{Svg.Fit(label, Pitch)}<title>{name}</title></text>");

    private static Html Label(double x, double y, string text, string anchor) => Html.Of(
        $"<text x=\"{Svg.At(x)}\" y=\"{Svg.At(y + 4)}\" text-anchor=\"{anchor}\">{text}</text>");

    private Html Stroke(Frame frame, ParallelLine line, Scale scale, double end)
    {
        var stops = line.Places
            .Select((place, at) => (X: Left + at * Pitch, Y: Place(frame, place, Axes[at].Values.Count)))
            .Concat(line.Value is { } value ? [(end, scale.Map(value))] : Array.Empty<(double X, double Y)>())
            .ToArray();
        var path = string.Join('L', stops.Select(stop => $"{Svg.At(stop.X)} {Svg.At(stop.Y)}"));
        var marks = stops.Select(stop => Html.Of($"<circle class=\"mean\" cx=\"{Svg.At(stop.X)}\" cy=\"{Svg.At(stop.Y)}\" r=\"3\"/>"));
        return Html.Of($"<g class=\"{line.Css}\"><title>{line.Tip}</title><path class=\"line {line.Css}\" d=\"M{path}\"/>{marks}</g>");
    }

    /// <summary>The place of a value. All values have equal distances, because an option may be a word.</summary>
    private static double Place(Frame frame, int at, int count) =>
        frame.Floor - 8 - (count < 2 ? 0.5 : at / (count - 1d)) * (frame.PlotHeight - 16);
}

/// <summary>An option as an axis: its values from the bottom to the top.</summary>
internal sealed record ParallelAxis(string Name, IReadOnlyList<string> Values);

/// <summary>An arm as a line through its values.</summary>
/// <param name="Places">For each axis the index of the arm's value.</param>
/// <param name="Value">The measured value; without one the line ends at the last option.</param>
internal sealed record ParallelLine(string Css, IReadOnlyList<int> Places, double? Value, string Tip);
