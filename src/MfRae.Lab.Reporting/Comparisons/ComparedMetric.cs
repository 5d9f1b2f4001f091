using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Comparisons;

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
            Student.Interval(summary),
            "no value");
    }
}
