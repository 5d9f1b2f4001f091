using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>Lines over steps, each with a band for the range over its seeds.</summary>
/// <param name="Log">Whether the vertical axis is logarithmic; null: if the values are far apart.</param>
internal sealed record LineChart(string Title, string Horizontal, IReadOnlyList<Line> Lines, bool? Log = null)
{
    private static readonly Frame Frame = new(440, 250, 50, 10, 12, 38);

    public Html Draw()
    {
        var points = Lines.SelectMany(line => line.Points).Where(point => point.Mean is not null).ToArray();
        if (points.Length == 0)
        {
            return Html.Empty;
        }

        var x = Scale.Exactly(points.Min(point => point.Step), points.Max(point => point.Step), 0, Frame.PlotWidth);
        var y = Scale.Over([.. points.SelectMany(point => new[] { point.Low, point.High })], Frame.PlotHeight, 0, Log);
        var outer = x with { From = Frame.Left, To = Frame.Left + Frame.PlotWidth };
        var upright = y with { From = Frame.Floor, To = Frame.Top };
        var plot = Html.Of(
            $"""
            <svg class="plot" x="{Svg.At(Frame.Left)}" y="{Svg.At(Frame.Top)}" width="{Svg.At(Frame.PlotWidth)}" height="{Svg.At(Frame.PlotHeight)}" viewBox="0 0 {Svg.At(Frame.PlotWidth)} {Svg.At(Frame.PlotHeight)}" preserveAspectRatio="none">{Lines.Select((line, index) => Band(line, index, x, y))}{Lines.Select(line => Stroke(line, x, y))}</svg>
            """);
        var domain = Html.Of($" data-x0=\"{Svg.Exact(x.Low)}\" data-x1=\"{Svg.Exact(x.High)}\" data-y0=\"{Svg.Exact(y.Low)}\" "
            + $"data-y1=\"{Svg.Exact(y.High)}\" data-log=\"{(y.Log ? 1 : 0)}\"");
        return Frame.Figure(
            "lines",
            Title + (y.Log ? " (log)" : ""),
            string.Join("; ", Lines.Select(Describe)),
            Html.Join([Frame.Vertical(upright), Frame.Horizontal(outer, Horizontal), plot]),
            domain,
            new CurveData(Lines).Write());
    }

    private static string Describe(Line line)
    {
        var finite = line.Points.Where(point => point.Mean is not null).ToArray();
        return finite.Length == 0
            ? $"{line.Name}: no finite value"
            : $"{line.Name}: from {Numbers.Significant(finite[0].Mean, 3)} to {Numbers.Significant(finite[^1].Mean, 3)}, between "
                + $"{Numbers.Significant(finite.Min(point => point.Low), 3)} and {Numbers.Significant(finite.Max(point => point.High), 3)}";
    }

    private static Html Band(Line line, int index, Scale x, Scale y)
    {
        var path = new StringBuilder();
        foreach (var run in Runs(line.Points).Where(run => run.Any(point => point.High > point.Low)))
        {
            path.Append('M').AppendJoin('L', run.Select(point => $"{Svg.At(x.Map(point.Step))} {Svg.At(y.Map(point.High))}"));
            path.Append('L').AppendJoin('L', run.AsEnumerable().Reverse()
                .Select(point => $"{Svg.At(x.Map(point.Step))} {Svg.At(y.Map(point.Low))}")).Append('Z');
        }

        return path.Length == 0 ? Html.Empty : Html.Of($"<path class=\"band {line.Css}\" data-line=\"{index}\" d=\"{path.ToString()}\"/>");
    }

    private static Html Stroke(Line line, Scale x, Scale y)
    {
        var path = string.Concat(Runs(line.Points).Select(run =>
            "M" + string.Join('L', run.Select(point => $"{Svg.At(x.Map(point.Step))} {Svg.At(y.Map(point.Mean!.Value))}"))
                + (run.Count == 1 ? "h0" : "")));
        return Html.Of($"<path class=\"line {line.Css}\" d=\"{path}\"/>");
    }

    /// <summary>The parts of a line between gaps; a gap is a step without a finite value.</summary>
    private static IEnumerable<List<CurvePoint>> Runs(IReadOnlyList<CurvePoint> points)
    {
        var run = new List<CurvePoint>();
        foreach (var point in points)
        {
            if (point.Mean is not null)
            {
                run.Add(point);
            }
            else if (run.Count > 0)
            {
                yield return run;
                run = [];
            }
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }
}

/// <summary>A line of a line chart.</summary>
/// <param name="Css">The class of its colour.</param>
/// <param name="Seeds">The curve of each seed, for scripts; null for one seed, or if the page would become too large.</param>
internal sealed record Line(
    string Name, string Css, IReadOnlyList<CurvePoint> Points, IReadOnlyList<IReadOnlyList<CurvePoint>>? Seeds = null);

/// <summary>
/// The numbers of a line chart, for the script that redraws them on other axes. x: the distinct lists of steps. lines: name n, colour c,
/// index of the steps x, means m, lowest values l and highest values h (unless they equal the means), seeds s.
/// </summary>
internal sealed class CurveData(IReadOnlyList<Line> lines)
{
    // A chart is a few hundred pixels high: five digits are precise enough for every useful zoom.
    private const string Digits = "G5";

    private readonly List<double[]> _steps = [];

    public Html Write() => Html.Json(Write);

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("lines");
        foreach (var line in lines)
        {
            json.WriteStartObject();
            json.WriteString("n", line.Name);
            json.WriteString("c", line.Css);
            Points(json, line.Points);
            if (line.Points.Any(point => point.Mean is not null && point.High > point.Low))
            {
                Numbers(json, "l", line.Points.Select(point => point.Mean is null ? (double?)null : point.Low));
                Numbers(json, "h", line.Points.Select(point => point.Mean is null ? (double?)null : point.High));
            }

            if (line.Seeds is { } seeds)
            {
                json.WriteStartArray("s");
                foreach (var seed in seeds)
                {
                    json.WriteStartObject();
                    Points(json, seed);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("x");
        foreach (var list in _steps)
        {
            json.WriteStartArray();
            Array.ForEach(list, json.WriteNumberValue);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Points(Utf8JsonWriter json, IReadOnlyList<CurvePoint> points)
    {
        double[] own = [.. points.Select(point => point.Step)];
        var known = _steps.FindIndex(list => list.AsSpan().SequenceEqual(own));
        if (known < 0)
        {
            known = _steps.Count;
            _steps.Add(own);
        }

        json.WriteNumber("x", known);
        Numbers(json, "m", points.Select(point => point.Mean));
    }

    private static void Numbers(Utf8JsonWriter json, string name, IEnumerable<double?> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (value is { } number)
            {
                json.WriteRawValue(number.ToString(Digits, CultureInfo.InvariantCulture));
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteEndArray();
    }
}
