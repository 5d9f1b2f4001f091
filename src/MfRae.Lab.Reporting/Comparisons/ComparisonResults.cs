using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>Every comparable metric that both experiments have, the primary metrics first. Less important metrics are collapsed.</summary>
/// <param name="Nothing">Why there are no results; the empty string if there are results.</param>
internal sealed record ComparisonResults(
    string Nothing, ComparisonSide A, ComparisonSide B, IReadOnlyList<LegendKey> Legend, IReadOnlyList<ComparedGroup> Groups)
{
    public static ComparisonResults Of(ComparisonSide a, ComparisonSide b, IReadOnlyList<CrossComparison> compared)
    {
        var shown = compared.Where(comparison => comparison.Conflicts.Count == 0)
            .OrderBy(comparison => comparison.Metric != a.Record.PrimaryMetric)
            .ThenBy(comparison => comparison.Metric != b.Record.PrimaryMetric)
            .Select(comparison => ComparedMetric.Of(a, b, comparison))
            .ToArray();
        ComparedGroup[] groups =
        [
            new("", [.. shown.Where(metric => !metric.Same && metric.Directed)]),
            new("Identical: computed by stages that both experiments share", [.. shown.Where(metric => metric.Same)]),
            new("Metrics without a better direction", [.. shown.Where(metric => !metric.Same && !metric.Directed)]),
        ];
        return new(
            compared.Count == 0 ? "The two experiments have no metric in common." : shown.Length == 0 ? "None of the common metrics is comparable." : "",
            a,
            b,
            [a.Key, b.Key],
            [.. groups.Where(group => group.Metrics.Count > 0)]);
    }
}

/// <summary>Several metrics.</summary>
/// <param name="Title">The title of a collapsed group; the empty string for the group that is always shown.</param>
internal sealed record ComparedGroup(string Title, IReadOnlyList<ComparedMetric> Metrics);

/// <summary>One metric of two experiments, arm by arm.</summary>
/// <param name="Directed">Whether the metric has a better direction.</param>
/// <param name="Same">Whether both experiments share the stages of every common arm.</param>
internal sealed record ComparedMetric(string Label, string Key, bool Directed, bool Same, IReadOnlyList<ComparedArm> Arms, Html Chart)
{
    public static ComparedMetric Of(ComparisonSide a, ComparisonSide b, CrossComparison comparison)
    {
        var measurement = comparison.One.SelectMany(arm => arm.Measured.Concat(arm.Pilots)).First().Measurement;
        var differences = CrossDifferences.Of(comparison, a.Record, b.Record).ToDictionary(difference => difference.Arm);
        ArmSample? Find(IReadOnlyList<ArmSample> samples, string arm) => samples.FirstOrDefault(sample => sample.Arm == arm);
        var arms = comparison.One.Concat(comparison.Other).Select(sample => sample.Arm).Distinct().ToArray();
        var direction = measurement.HigherIsBetter switch { true => " (higher is better)", false => " (lower is better)", null => "" };
        return new(
            $"{MetricName.Label(measurement)} {MetricName.Arrow(measurement.HigherIsBetter)}".TrimEnd(),
            comparison.Metric,
            measurement.HigherIsBetter is not null,
            differences.Count > 0 && differences.Values.All(difference => difference.Design == CrossDesign.Same),
            [.. arms.Select(arm => ComparedArm.Of(
                a.Titles.GetValueOrDefault(arm) ?? b.Titles.GetValueOrDefault(arm, arm), Find(comparison.One, arm), Find(comparison.Other, arm), differences.GetValueOrDefault(arm)))],
            new DotChart(
                MetricName.Label(measurement),
                comparison.Metric + direction,
                [.. arms.SelectMany(arm => new[] { Row(a, Find(comparison.One, arm)), Row(b, Find(comparison.Other, arm)) }.OfType<DotRow>())],
                [],
                value => Numbers.Significant(value)).Draw());
    }

    private static DotRow? Row(ComparisonSide side, ArmSample? sample)
    {
        if (sample is null)
        {
            return null;
        }

        var name = $"{side.Letter} {side.Titles.GetValueOrDefault(sample.Arm, sample.Arm)}";
        var summary = sample.Summary;
        return new(
            name,
            side.Css,
            [.. sample.Finite.Select(seed => new Dot(
                seed.Measurement.Value!.Value, $"{name}, seed {seed.Seed}: {Numbers.Significant(seed.Measurement.Value)}"))],
            summary.Count > 0 ? summary.Mean : null,
            StudentInterval.Interval(summary),
            "no value");
    }
}

/// <summary>An arm in one metric: both values, their difference and the verdict.</summary>
/// <param name="One">The value in A; null if A does not have the arm.</param>
/// <param name="Other">The value in B; null if B does not have the arm.</param>
/// <param name="Range">The 95 % interval of the difference, or the empty string.</param>
internal sealed record ComparedArm(string Name, ComparedValue? One, ComparedValue? Other, string Difference, string Range, Badge? Badge, string Reason)
{
    /// <param name="difference">Null where only one of the experiments has the arm.</param>
    public static ComparedArm Of(string arm, ArmSample? one, ArmSample? other, CrossDifference? difference) => new(
        arm,
        ComparedValue.Of(one),
        ComparedValue.Of(other),
        Text(difference),
        difference?.Result is { Interval: { } interval } result && difference.Design != CrossDesign.Same ? Bounds(result, interval) : "",
        difference?.Verdict is { } verdict ? Sections.Badge.Of(verdict) : difference is null ? null : Sections.Badge.OfEquality(same: true),
        difference is null ? $"only in {(one is null ? "B" : "A")}" : Because(difference));

    private static string Text(CrossDifference? difference) => difference?.Difference is not { } value ? "–"
        : Signed(value, Numbers.Significant(value, 3))
            + (difference.Result.Scale == EffectScale.LogRatio && difference.Result.Mean is { } mean && difference.Design != CrossDesign.Same
                ? $" ({Effect(EffectForms.Of([mean]), mean)})" : "");

    private static string Bounds(ContrastResult result, Interval interval)
    {
        var form = result.Scale == EffectScale.Difference ? EffectForm.Plain : EffectForms.Of([interval.Low, interval.High]);
        return $"{Effect(form, interval.Low)} to {Effect(form, interval.High)}";
    }

    private static string Effect(EffectForm form, double effect) => form.Signed(effect) + form.Unit();

    private static string Because(CrossDifference difference) => difference.Design switch
    {
        CrossDesign.Same => "computed by stages that both experiments share",
        CrossDesign.Paired => $"{Numbers.Plural(difference.Result.Effects.Count, "paired seed")}: {ComparisonText.Reason(difference.Result)}",
        CrossDesign.Unpaired => $"{difference.Why}; Welch’s t-test: {ComparisonText.Reason(difference.Result)}",
        _ => difference.Result.IsRanked ? ComparisonText.Reason(difference.Result) : difference.Why,
    };

    private static string Signed(double value, string text) => value > 0 ? "+" + text : text;
}

/// <summary>The mean of an arm in one of the two experiments.</summary>
/// <param name="Text">Mean ± standard deviation, or – without a value.</param>
/// <param name="Count">The number of seeds with a value: `n 1 of 2, 1 diverged`.</param>
/// <param name="Lost">Whether some seeds have no value.</param>
/// <param name="Interval">The 95 % interval of the mean; the empty string for fewer than two values.</param>
internal sealed record ComparedValue(string Text, string Count, bool Lost, string Interval)
{
    /// <summary>The mean of a sample; null if the experiment does not have the arm.</summary>
    public static ComparedValue? Of(ArmSample? sample) => sample is null ? null : new(
        sample.Values.Count == 0 ? "–" : Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation),
        $"n {sample.Values.Count}" + (sample.Lost > 0 || sample.Values.Count == 0 ? $" of {sample.Planned}" : "")
            + (sample.Diverged == 0 ? "" : $", {sample.Diverged} diverged"),
        sample.Lost > 0 || sample.Values.Count == 0,
        StudentInterval.Text(sample.Summary));
}

/// <summary>Metrics that both experiments have but measured differently, with every field that differs.</summary>
internal sealed record ComparisonConflicts(IReadOnlyList<ConflictRow> Rows)
{
    public static ComparisonConflicts Of(IReadOnlyList<CrossComparison> compared) => new(
    [
        .. from comparison in compared
           from conflict in comparison.Conflicts
           select new ConflictRow(MetricName.OfKey(comparison.Metric), comparison.Metric, conflict.Field, Text(conflict.One), Text(conflict.Other)),
    ]);

    private static string Text(string value) => value.Length == 0 ? "none" : value;
}

/// <summary>One field in which the measurements of a metric differ.</summary>
internal sealed record ConflictRow(string Label, string Metric, string Field, string One, string Other);
