using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

internal sealed class VerdictSection : ISection
{
    public string Name => "Verdicts";

    public string Title => "Verdict";

    public object Model(ReportData data)
    {
        var differences = DifferenceChart.Of(data);
        return new
        {
            Conflict = data.Primary.Conflict?.ToString() ?? "",
            Tiles = VerdictTiles.Of(data),
            Arms = data.Arms.Select(arm => Row(data, arm)),
            Power = ComparisonText.PowerOf(data.Primary.Comparisons),
            Chart = differences.Draw(),
            ChartNote = differences.Rows.All(row => row.Dots.Count == 0) ? "" : "Small dots: one per seed. Diamond: mean. Bar: 95 % bootstrap interval of the mean."
                + (differences.Shade is null ? "" : " Shaded: the noise band, the differences that count as noise."),
            Sql = data.Sql.Pairs(data.Primary.Metric),
        };
    }

    private static VerdictRow Row(ReportData data, ArmView arm)
    {
        if (data.Primary.Comparisons.FirstOrDefault(comparison => comparison.Arm == arm.Name) is { } comparison)
        {
            return new(arm, Badge.Of(comparison.Verdict), ComparisonText.Reason(comparison), ComparisonText.Effect(comparison), arm.Losses);
        }

        var sample = arm.Of(data.Primary);
        var interval = StudentInterval.Text(sample.Summary);
        var reason = sample.Values.Count == 0
            ? ComparisonText.Diverged(sample.Diverged, sample.Planned) is { Length: > 0 } diverged ? diverged : $"no value of {data.Primary.Metric}"
            : sample.Conflict?.ToString() ?? $"{data.Primary.Metric} {Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}"
                + (interval.Length == 0 ? "" : $" (sd over seeds; {interval})") + ". All arms are compared with this one.";
        return new(arm, new("plain", "baseline"), reason, "", arm.Losses);
    }
}

/// <summary>A number at the top of the section.</summary>
internal sealed record VerdictTile(string Label, string Value, string Note);

/// <summary>One arm: the verdict, its reason, and the size of the difference.</summary>
internal sealed record VerdictRow(ArmView Arm, Badge Badge, string Reason, string Effect, string Losses);

/// <summary>The numbers at the top: the best arm, the baseline, and the teacher with its fewest and most steps.</summary>
internal static class VerdictTiles
{
    public static IReadOnlyList<VerdictTile> Of(ReportData data)
    {
        var tiles = new List<VerdictTile>();
        var best = data.Arms.FirstOrDefault(arm => arm.Name == data.Primary.Best);
        var sample = best?.Of(data.Primary);
        if (best is not null && sample is not null)
        {
            tiles.Add(new($"Best arm by {data.Primary.Metric}", best.Name, $"{Value(sample)}{Seeds(sample)}"));
            if (!best.Record.Baseline && data.Primary.Arms.First(arm => arm.Arm == data.Primary.Baseline) is { Values.Count: > 0 } baseline)
            {
                tiles.Add(new("Baseline", baseline.Arm, $"{Value(baseline)}{Seeds(baseline)}"));
            }

            tiles.AddRange(Accuracy(data, best));
        }

        foreach (var measurement in Teacher(data))
        {
            tiles.Add(new($"Teacher, {MetricName.Label(measurement)}", Numbers.Significant(measurement.Value), Ratio(sample, measurement)));
        }

        return tiles;
    }

    private static IEnumerable<VerdictTile> Accuracy(ReportData data, ArmView best)
    {
        var at = data.Primary.Metric.LastIndexOf('@');
        var key = "accuracy" + (at < 0 ? "" : data.Primary.Metric[at..]);
        var accuracy = key == data.Primary.Metric || !data.Keys.Contains(key) ? null : best.Of(data.Compare(key));
        return accuracy is { Values.Count: > 0, Conflict: null }
            ? [new(MetricName.OfKey(key), Numbers.Significant(accuracy.Summary.Mean, 3), $"of the best arm, {best.Name}")]
            : [];
    }

    /// <summary>The teacher's values with its fewest and its most steps.</summary>
    private static IReadOnlyList<Measurement> Teacher(ReportData data)
    {
        var arms = data.Primary.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        var values = arms is null ? [] : TeacherLines.Values(data, arms);
        return values.Count < 2 ? values : [values[0], values[^1]];
    }

    private static string Ratio(ArmSample? best, Measurement teacher) =>
        best is { Values.Count: > 0 } && teacher.Value is > 0 and var value && best.Summary.Mean > 0
            ? $"The best arm’s value is {Numbers.Significant(best.Summary.Mean / value, 2)} times this."
            : "";

    private static string Value(ArmSample sample) => Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)
        + (sample.Summary.Deviation is null ? "" : " (sd over seeds)");

    private static string Seeds(ArmSample sample) => $", n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
}

/// <summary>Paired differences from the baseline, as percentages, factors or plain differences.</summary>
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
