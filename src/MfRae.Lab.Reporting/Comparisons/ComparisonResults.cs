using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>Every metric that both have and that may be compared, the primary ones first; folded away what says less.</summary>
internal sealed record ComparisonResults(
    string Nothing, Html A, Html B, Html Legend, IReadOnlyList<ComparedGroup> Groups)
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
            a.Head,
            b.Head,
            Html.Of($"<p class=\"legend\">{new[] { a, b }.Select(side => Palette.Key(side.Css, side.Legend))}</p>"),
            [.. groups.Where(group => group.Metrics.Count > 0)]);
    }
}

/// <param name="Title">Under which it is folded away; the empty string where it is not.</param>
internal sealed record ComparedGroup(string Title, IReadOnlyList<ComparedMetric> Metrics);

/// <summary>One metric of two experiments, arm by arm.</summary>
/// <param name="Directed">Whether it has a better and a worse.</param>
/// <param name="Same">Whether every arm that both have took it from the same stages.</param>
internal sealed record ComparedMetric(string Label, string Key, bool Directed, bool Same, IReadOnlyList<ComparedArm> Arms, Html Chart)
{
    public static ComparedMetric Of(ComparisonSide a, ComparisonSide b, CrossComparison comparison)
    {
        var measurement = comparison.One.SelectMany(arm => arm.Measured).First().Measurement;
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

/// <summary>An arm in one metric: both values, their difference, and what that says.</summary>
internal sealed record ComparedArm(string Name, Html One, Html Other, Html Difference, Html Badge, string Reason)
{
    /// <param name="difference">Null where only one of the experiments has the arm.</param>
    public static ComparedArm Of(string arm, ArmSample? one, ArmSample? other, CrossDifference? difference) => new(
        arm,
        Value(one),
        Value(other),
        difference is null ? Html.Text("–") : Text(difference),
        difference?.Verdict is { } verdict ? Parts.Badge(Parts.Tone(verdict), ComparisonText.Word(verdict))
            : difference is null ? Html.Empty
            : Parts.Badge("good", "same"),
        difference is null ? $"only in {(one is null ? "B" : "A")}" : Because(difference));

    private static Html Value(ArmSample? sample)
    {
        if (sample is null || sample.Values.Count == 0)
        {
            return sample is null ? Html.Text("–") : Html.Of($"–<span class=\"n lost\">n 0 of {sample.Planned}{Diverged(sample)}</span>");
        }

        var n = $"n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
        return Html.Of(
            $"{Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}<span class=\"n{(sample.Lost > 0 ? " lost" : "")}\">{n}{Diverged(sample)}</span>{Range(sample)}");
    }

    private static string Diverged(ArmSample sample) => sample.Diverged == 0 ? "" : $", {sample.Diverged} diverged";

    private static Html Range(ArmSample sample) =>
        StudentInterval.Text(sample.Summary) is { Length: > 0 } text ? Html.Of($"<span class=\"n\">{text}</span>") : Html.Empty;

    private static Html Text(CrossDifference difference)
    {
        if (difference.Difference is not { } value)
        {
            return Html.Text("–");
        }

        var text = Signed(value, Numbers.Significant(value, 3))
            + (difference.Relative is { } relative ? $" ({Signed(relative, ComparisonText.Percent(relative))})" : "");
        var range = difference.Interval is { } interval
            ? Html.Of($"<span class=\"n\">{Numbers.Significant(interval.Low, 3)} to {Numbers.Significant(interval.High, 3)}</span>")
            : Html.Empty;
        return Html.Of($"{text}{range}");
    }

    private static string Because(CrossDifference difference) => difference.Verdict != Verdict.Diverged ? Test(difference)
        : difference.Difference is null ? difference.Divergence
        : $"{difference.Divergence}; the remaining seeds give no verdict: {Test(difference)}";

    private static string Test(CrossDifference difference) => difference.Design switch
    {
        CrossDesign.Same => "computed by stages that both experiments share",
        CrossDesign.Paired => $"{Numbers.Plural(difference.Pairs.Count, "paired seed")}, sign-flip test: {P(difference)}",
        CrossDesign.Unpaired => $"{difference.Why}; Welch’s t-test: {P(difference)}",
        _ => difference.Why,
    };

    private static string P(CrossDifference difference)
    {
        var after = difference.Family > 1 ? $" after Holm correction over {difference.Family} arms" : "";
        var band = difference.Band is { } width && difference.Relative is not null
            ? $"; the difference {ComparisonText.BandWord(difference.BeyondBand)} the {ComparisonText.Percent(width)} noise band"
            : "";
        return difference.SmallestPValue >= Power.Level
            ? $"too few seeds to reach p < .05{after}{band}"
            : $"{ComparisonText.P(difference.AdjustedPValue ?? 1)}{after}{band}";
    }

    private static string Signed(double value, string text) => value > 0 ? "+" + text : text;
}

/// <summary>Metrics that both have and that are values of different things, with every field in which they differ.</summary>
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

internal sealed record ConflictRow(string Label, string Metric, string Field, string One, string Other);
