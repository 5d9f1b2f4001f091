using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
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
        var primary = data.Primary;
        var declared = data.Record.Contrasts is { Count: > 0 };
        var chart = DifferenceChart.Of(data);
        return new
        {
            Conflict = primary.Conflict?.ToString() ?? "",
            Tiles = VerdictTiles.Of(data),
            Notes = Notes(data),
            Contrasts = primary.Contrasts.Select(result => new VerdictRow(
                null, result.Name, Badge(result), ComparisonText.Reason(result), ComparisonText.Effect(result), "")).ToArray(),
            Arms = data.Arms.Select(arm => Row(data, arm)),
            Declared = declared,
            Power = ComparisonText.PowerOf(primary.Decisions),
            Chart = chart.Draw(),
            ChartNote = chart.Rows.All(row => row.Dots.Count == 0) ? ""
                : "Small dots: one per seed. Diamond: mean. Bar: simultaneous 95 % interval of the mean, with at least six seeds."
                    + (chart.Shade is null ? "" : " Shaded: effects that are not relevant."),
            Sql = data.Sql.Pairs(primary.Metric),
        };
    }

    /// <summary>What limits the verdicts as a whole.</summary>
    private static IReadOnlyList<string> Notes(ReportData data)
    {
        var notes = new List<string>();
        if (data.Record.SmallestRelevantEffect is null && data.Primary.Decisions.All(result => result.Verdict == Verdict.None))
        {
            notes.Add("No verdict: the experiment declares no smallestRelevantEffect.");
        }

        if (data.Primary.Decisions.Where(result => result.IsPartial).ToArray() is { Length: > 0 } partial)
        {
            notes.Add($"Partial: seeds without a result remain. Every look at partial verdicts raises the chance of a false one; "
                + $"only the verdict on all {Numbers.Plural(partial.Max(result => result.Planned), "seed")} is confirmatory.");
        }

        if (SeedsAdded(data.Record.Versions ?? []) is { } before)
        {
            notes.Add($"Seeds were added after a verdict: version @{Numbers.Count(before.Number)} with other seeds had already decided "
                + $"({string.Join(", ", before.Verdicts!.Select(verdict => $"{verdict.Key}: {verdict.Value}"))}). The p values of this page do not account for this.");
        }

        return notes;
    }

    /// <summary>The last earlier version that had a verdict, and after which the seeds changed; null without one.</summary>
    private static PlanVersion? SeedsAdded(IReadOnlyList<PlanVersion> versions) => versions.LastOrDefault(version =>
        !version.Current && version.Verdicts is { Count: > 0 }
        && versions.Any(later => later.Number > version.Number && later.Changes.Any(change => change.What == "seeds")));

    private static Badge Badge(ContrastResult result) => Sections.Badge.Of(result.Verdict, ComparisonText.Word(result));

    private static VerdictRow Row(ReportData data, ArmView arm)
    {
        if (data.Primary.Comparisons.FirstOrDefault(result => result.Arm == arm.Name) is { } result)
        {
            return new(arm, "", Badge(result), ComparisonText.Reason(result), ComparisonText.Effect(result), arm.Losses);
        }

        var sample = arm.Of(data.Primary);
        var interval = StudentInterval.Text(sample.Summary);
        var reason = sample.Values.Count == 0
            ? ComparisonText.Diverged(sample.Diverged, sample.Planned) is { Length: > 0 } diverged ? diverged : $"no value of {data.Primary.Metric}"
            : sample.Conflict?.ToString() ?? $"{data.Primary.Metric} {Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}"
                + (interval.Length == 0 ? "" : $" (sd over seeds; {interval})") + ". All arms are compared with this one.";
        return new(arm, "", new("plain", "baseline"), reason, "", arm.Losses);
    }
}

/// <summary>A number at the top of the section.</summary>
internal sealed record VerdictTile(string Label, string Value, string Note);

/// <summary>One arm or contrast: the verdict, its reason, and the size of the effect.</summary>
/// <param name="Arm">Null for a declared contrast.</param>
/// <param name="Name">The name of a declared contrast; the empty string for an arm.</param>
internal sealed record VerdictRow(ArmView? Arm, string Name, Badge Badge, string Reason, string Effect, string Losses);

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

/// <summary>The effects of the contrasts that carry the verdicts, as percentages, factors or plain differences.</summary>
internal static class DifferenceChart
{
    public static DotChart Of(ReportData data) => Of(
        data,
        // One axis has one unit: contrasts of other metrics have only their lines above.
        [.. data.Primary.Decisions.Where(result => result.Metric == data.Primary.Metric)],
        data.Record.Contrasts is { Count: > 0 } ? "Declared contrasts" : $"Difference from {data.Primary.Baseline}");

    /// <summary>The chart of some results in the primary metric.</summary>
    public static DotChart Of(ReportData data, IReadOnlyList<ContrastResult> results, string title)
    {
        var metric = data.Primary.Metric;
        var form = EffectForms.Of(results);
        var factor = form == EffectForm.Factor;
        var margin = results.Select(result => result.Margin).FirstOrDefault(margin => margin is not null);
        return new(
            $"{title} in {MetricName.OfKey(metric)}",
            form switch
            {
                EffectForm.Percent => $"difference in {metric}, %",
                EffectForm.Factor => $"factor in {metric} (log)",
                _ => $"difference in {metric}",
            },
            [.. results.Select(result => Row(data, result, form))],
            [new(factor ? 1 : 0, "no difference")],
            value => Shown(form, value),
            margin is { } width ? new Interval(form.Value(-width), form.Value(width)) : null,
            Log: factor);
    }

    // The value is already in the form.
    private static string Shown(EffectForm form, double value) => form.Number(value) + form.Unit();

    private static DotRow Row(ReportData data, ContrastResult result, EffectForm form) => new(
        result.Name,
        data.Arms.First(arm => arm.Name == result.Contrast.Weights.First(weight => weight.Value > 0).Key).Css,
        [.. result.Finite.Select(seed => new Dot(
            form.Value(seed.Effect), $"{result.Name}, seed {seed.Seed}: {form.Text(seed.Effect)}{form.Unit()}"))],
        result.Mean is { } mean ? form.Value(mean) : null,
        result.Interval is { } interval ? new Interval(form.Value(interval.Low), form.Value(interval.High)) : null,
        result.Conflict?.ToString() ?? (result.IsRanked ? "diverged" : "no data"));
}
