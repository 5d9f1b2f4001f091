using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

/// <summary>Paired differences from the baseline: in per cent of it, as factors, or plain where it may be zero.</summary>
internal static class DifferenceChart
{
    public static DotChart Of(ReportData data)
    {
        var comparisons = data.Primary.Comparisons;
        var metric = data.Primary.Metric;
        var form = DifferenceForms.Of([.. comparisons.SelectMany(comparison => comparison.Pairs)]);
        var band = comparisons.Select(comparison => comparison.Band).FirstOrDefault(band => band is not null);
        return new(
            $"Difference from {data.Primary.Baseline} in {MetricName.OfKey(metric)}",
            form switch
            {
                DifferenceForm.Percent => $"% of the baseline’s {metric}",
                DifferenceForm.Factor => $"times the baseline’s {metric} (log)",
                _ => $"difference in {metric}",
            },
            [.. comparisons.Select(comparison => Row(data, comparison, form))],
            [new(form == DifferenceForm.Factor ? 1 : 0, "no difference")],
            value => Text(form, value),
            band is { } width && form != DifferenceForm.Plain ? new Interval(form.Tell(-width, 1)!.Value, form.Tell(width, 1)!.Value) : null,
            Log: form == DifferenceForm.Factor);
    }

    private static string Text(DifferenceForm form, double value) => form.Number(value) + form.Unit();

    private static DotRow Row(ReportData data, ArmComparison comparison, DifferenceForm form) => new(
        comparison.Arm,
        data.Arms.First(arm => arm.Name == comparison.Arm).Css,
        [.. comparison.Pairs.Select(pair =>
        {
            var value = form.Tell(pair.Difference, pair.Baseline)!.Value;
            return new Dot(value, $"{comparison.Arm}, seed {pair.Seed}: {Text(form, value)}");
        })],
        comparison.Mean(form),
        comparison.IntervalOf(form),
        comparison.Conflict?.ToString() ?? (comparison.Verdict == Verdict.Diverged ? "diverged" : "no data"));
}
