using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>One row per arm: small dots for seeds, a large one for the mean, a bar for the interval.</summary>
/// <param name="Shade">A range of values to shade, such as effects that are not relevant.</param>
/// <param name="Format">Formats a value for tooltips.</param>
/// <param name="Log">Whether the axis is logarithmic; all values must be positive.</param>
internal sealed record DotChart(
    string Title,
    string Horizontal,
    IReadOnlyList<DotRow> Rows,
    IReadOnlyList<ReferenceLine> Rules,
    Func<double, string> Format,
    Interval? Shade = null,
    bool Log = false)
{
    private const double Pitch = 26;

    // Longer names are placed above their rows, where they fit. Cut names could look the same.
    private const double WidestName = 170;
    private const double NameHeight = 15;

    /// <summary>The rows without values that are not finite.</summary>
    public IReadOnlyList<DotRow> Rows { get; } =
    [
        .. Rows.Select(row => row with
        {
            Dots = [.. row.Dots.Where(dot => double.IsFinite(dot.Value))],
            Mean = row.Mean is { } mean && double.IsFinite(mean) ? mean : null,
            Interval = row.Interval is { } interval && !double.IsNaN(interval.Low) && !double.IsNaN(interval.High) ? interval : null,
        }),
    ];

    public Html Draw()
    {
        if (Rows.All(row => row.Dots.Count == 0))
        {
            return Html.Empty;
        }

        var longest = Rows.Max(row => Svg.Width(row.Name));
        var above = longest > WidestName;
        var pitch = Pitch + (above ? NameHeight : 0);
        var left = above ? 14 : Math.Max(longest + 14, 60);
        var top = Rules.Count > 0 ? 20 : 10;
        var frame = new Frame(440, top + Rows.Count * pitch + 40, left, top, 16, 40);
        var x = Range(frame);
        var rows = Rows.Select((row, i) => Row(row, frame, x, frame.Top + (i + 1) * pitch - Pitch / 2, above));
        var near = Rules.Where(rule => rule.Value >= x.Low && rule.Value <= x.High);
        return frame.Figure(
            "dots",
            Title,
            string.Join("; ", Rows.Select(Describe).Concat(Rules.Select(rule => $"{rule.Name}: {Format(rule.Value)}"))),
            Html.Join([frame.Horizontal(x, Horizontal, 5), Shaded(frame, x), .. near.Select(rule => Dashed(rule, frame, x)), .. rows]));
    }

    /// <summary>
    /// An axis that contains all dots. Intervals of two or three seeds can be much wider than the dots: they are cut at twice the spread of
    /// the dots and end in an arrow. Their tooltips show the numbers.
    /// </summary>
    private Scale Range(Frame frame)
    {
        var dots = Rows.SelectMany(row => row.Dots).Select(dot => dot.Value).ToArray();
        var (first, last) = (dots.Min(), dots.Max());
        var spread = Log ? last / first : Math.Max(last - first, 1e-9);
        var (least, most) = Log ? (first / (spread * spread), last * spread * spread) : (first - 2 * spread, last + 2 * spread);
        var ends = Rows.Where(row => row.Interval is not null).SelectMany(
            row => new[] { row.Interval!.Value.Low, row.Interval.Value.High });
        var shade = Shade is { } band ? new[] { band.Low, band.High } : [];
        var near = Rules.Select(rule => rule.Value).Where(value => value >= least && value <= most);
        return Scale.Over([.. dots, .. ends.Select(end => Math.Clamp(end, least, most)), .. shade, .. near], frame.Left,
            frame.Left + frame.PlotWidth, Log);
    }

    private Html Row(DotRow row, Frame frame, Scale x, double y, bool above)
    {
        var name = above
            ? Html.Of($"<text class=\"name above\" x=\"{Svg.At(4)}\" y=\"{Svg.At(y - Pitch / 2 + 2)}\">{Svg.Fit(row.Name, frame.Width - 8)}"
                + $"<title>{row.Name}</title></text>")
            : Html.Of($"<text class=\"name\" x=\"{Svg.At(frame.Left - 8)}\" y=\"{Svg.At(y + 4)}\">{row.Name}<title>{row.Name}</title></text>");
        if (row.Dots.Count == 0)
        {
            return Html.Of($"<g class=\"{row.Css}\">{name}<text class=\"note\" x=\"{Svg.At(frame.Left + 6)}\" "
                + $"y=\"{Svg.At(y + 4)}\">{row.Note}</text></g>");
        }

        var dots = row.Dots.Select(dot => Html.Of(
            $"<circle class=\"seed\" cx=\"{Svg.At(x.Map(dot.Value))}\" cy=\"{Svg.At(y)}\" r=\"3.2\"><title>{dot.Tip}</title></circle>"));
        var mean = row.Mean is { } value
            ? Html.Of($"<path class=\"mean\" d=\"M{Svg.At(x.Map(value))} {Svg.At(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 "
                + $"-5.5z\"><title>{row.Name}: mean {Format(value)}</title></path>")
            : Html.Empty;
        return Html.Of($"<g class=\"{row.Css}\">{name}{Bar(row, x, y)}{dots}{mean}</g>");
    }

    private Html Bar(DotRow row, Scale x, double y)
    {
        if (row.Interval is not { } interval)
        {
            return Html.Empty;
        }

        var (low, high) = (Math.Max(interval.Low, x.Low), Math.Min(interval.High, x.High));
        if (low >= high)
        {
            return Html.Empty;
        }

        var (left, right) = (Svg.At(x.Map(low)), Svg.At(x.Map(high)));
        var start = interval.Low < x.Low ? Html.Of($"M{left} {Svg.At(y)}l6 -4m-6 4l6 4") : Html.Of($"M{left} {Svg.At(y - 4)}v8");
        var end = interval.High > x.High ? Html.Of($"M{right} {Svg.At(y)}l-6 -4m6 4l-6 4") : Html.Of($"M{right} {Svg.At(y - 4)}v8");
        return Html.Of($"<path class=\"bar\" d=\"M{left} {Svg.At(y)}H{right}{start}{end}\"><title>{row.Name}: 95 % interval "
            + $"{Format(interval.Low)} to {Format(interval.High)}</title></path>");
    }

    private Html Shaded(Frame frame, Scale x) => Shade is { } band
        ? Html.Of($"<rect class=\"shade\" x=\"{Svg.At(x.Map(band.Low))}\" y=\"{Svg.At(frame.Top)}\" "
            + $"width=\"{Svg.At(x.Map(band.High) - x.Map(band.Low))}\" height=\"{Svg.At(frame.PlotHeight)}\"/>")
        : Html.Empty;

    /// <summary>A dashed line, with its name above it on the side with more room.</summary>
    private Html Dashed(ReferenceLine rule, Frame frame, Scale x)
    {
        var at = x.Map(rule.Value);
        var anchor = at > frame.Left + frame.PlotWidth / 2 ? "end" : "start";
        return Html.Of($"<path class=\"rule\" d=\"M{Svg.At(at)} {Svg.At(frame.Top - 6)}V{Svg.At(frame.Floor)}\"><title>{rule.Name}: "
            + $"{Format(rule.Value)}</title></path><text class=\"note\" x=\"{Svg.At(at + (anchor == "end" ? -5 : 5))}\" "
            + $"y=\"{Svg.At(frame.Top - 6)}\" text-anchor=\"{anchor}\">{rule.Name}</text>");
    }

    private string Describe(DotRow row) => row.Dots.Count == 0
        ? $"{row.Name}: {row.Note}"
        : $"{row.Name}: " + (row.Mean is { } mean
                ? $"mean {Format(mean)} of {row.Dots.Count}"
                : string.Join(", ", row.Dots.Select(dot => Format(dot.Value))))
            + (row.Interval is { } interval ? $", interval {Format(interval.Low)} to {Format(interval.High)}" : "");
}

/// <summary>A row of a dot chart: each seed, their mean and its interval.</summary>
/// <param name="Note">The text of a row without dots.</param>
internal sealed record DotRow(string Name, string Css, IReadOnlyList<Dot> Dots, double? Mean, Interval? Interval, string Note = "");

/// <summary>One measured value.</summary>
/// <param name="Tip">The tooltip.</param>
internal sealed record Dot(double Value, string Tip);
