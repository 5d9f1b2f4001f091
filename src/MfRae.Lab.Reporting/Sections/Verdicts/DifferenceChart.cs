using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

/// <summary>Paired differences from the baseline: in per cent of it, or plain where it may be zero.</summary>
internal static class DifferenceChart
{
    public static DotChart Of(ReportData data)
    {
        var comparisons = data.Primary.Comparisons;
        var relative = comparisons.SelectMany(comparison => comparison.Pairs).All(pair => pair.Relative is not null);
        string Format(double value) => relative ? Numbers.Fixed(value, 1) + " %" : Numbers.Significant(value, 3);
        var band = comparisons.Select(comparison => comparison.Band).FirstOrDefault(band => band is not null);
        return new(
            $"Difference from {data.Primary.Baseline} in {MetricName.OfKey(data.Primary.Metric)}",
            relative ? $"% of the baseline’s {data.Primary.Metric}" : $"difference in {data.Primary.Metric}",
            [.. comparisons.Select(comparison => Row(data, comparison, relative, Format))],
            [new(0, "no difference")],
            Format,
            relative && band is { } width ? new Interval(-100 * width, 100 * width) : null);
    }

    private static DotRow Row(ReportData data, ArmComparison comparison, bool relative, Func<double, string> format)
    {
        var css = data.Arms.First(arm => arm.Name == comparison.Arm).Css;
        var interval = relative ? comparison.RelativeInterval : comparison.Interval;
        var scale = relative ? 100 : 1;
        return new(
            comparison.Arm,
            css,
            [.. comparison.Pairs.Select(pair =>
            {
                var value = relative ? 100 * pair.Relative!.Value : pair.Difference;
                return new Dot(value, $"{comparison.Arm}, seed {pair.Seed}: {format(value)}");
            })],
            comparison.Pairs.Count > 0 ? scale * (relative ? comparison.RelativeDifference : comparison.MeanDifference) : null,
            interval is { } range ? new Interval(scale * range.Low, scale * range.High) : null,
            comparison.Conflict?.ToString() ?? "no data");
    }
}
