using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>A small chart of one metric over the arms, without axes: small dots for seeds, a large dot for the mean.</summary>
/// <param name="Joined">Whether a line connects the means, because a numeric option orders the arms.</param>
internal sealed record Sparkline(string Title, IReadOnlyList<DotRow> Arms, bool Joined)
{
    private const double Height = 44;
    private const double Margin = 7;

    public Html Draw()
    {
        var values = Arms.SelectMany(arm => arm.Dots).Select(dot => dot.Value).ToArray();
        if (values.Length == 0)
        {
            return Html.Empty;
        }

        var pitch = Math.Clamp(220d / Arms.Count, 6, 24);
        var y = Scale.Over(values, Height - Margin, Margin, margin: 0);
        var means = Arms.Select((arm, at) => (Arm: arm, X: Margin + (at + 0.5) * pitch)).Where(one => one.Arm.Mean is not null).ToArray();
        var line = Joined && means.Length > 1
            ? Html.Of($"<path class=\"rule\" d=\"M{string.Join('L', means.Select(one => $"{Svg.At(one.X)} {Svg.At(y.Map(one.Arm.Mean!.Value))}"))}\"/>")
            : Html.Empty;
        var marks = means.Select(one => Html.Of($"<g class=\"{one.Arm.Css}\"><title>{Describe(one.Arm)}</title>"
            + $"{one.Arm.Dots.Select(dot => Html.Of($"<circle class=\"seed\" cx=\"{Svg.At(one.X)}\" cy=\"{Svg.At(y.Map(dot.Value))}\" r=\"1.8\"/>"))}"
            + $"<circle class=\"mean\" cx=\"{Svg.At(one.X)}\" cy=\"{Svg.At(y.Map(one.Arm.Mean!.Value))}\" r=\"3.6\"/></g>"));
        var width = 2 * Margin + Arms.Count * pitch;
        return Html.Of($"<svg class=\"spark\" viewBox=\"0 0 {Svg.At(width)} {Svg.At(Height)}\" width=\"{Svg.At(width)}\" height=\"{Svg.At(Height)}\" "
            + $"role=\"img\"><title>{Title}: {string.Join("; ", Arms.Select(Describe))}</title>{line}{marks}</svg>");
    }

    private static string Describe(DotRow arm) => arm.Mean is { } mean ? $"{arm.Name} {Numbers.Significant(mean)}" : $"{arm.Name} no value";
}
