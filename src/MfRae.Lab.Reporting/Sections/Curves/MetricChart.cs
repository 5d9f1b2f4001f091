using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Curves;

/// <summary>One metric over the arms, with the teacher's values of the same thing as dashed lines.</summary>
internal static class MetricChart
{
    public static DotChart Of(ReportData data, string key)
    {
        var comparison = data.Compare(key);
        var measurement = comparison.Arms.SelectMany(arm => arm.Measured).First().Measurement;
        var direction = measurement.HigherIsBetter switch { true => " (higher is better)", false => " (lower is better)", null => "" };
        return new(
            MetricName.Label(measurement),
            key + direction,
            [.. data.Arms.Select(arm => Row(arm, comparison))],
            TeacherRules.Of(data, measurement),
            value => Numbers.Significant(value));
    }

    private static DotRow Row(ArmView arm, ExperimentComparison comparison)
    {
        var sample = arm.Of(comparison);
        var baseline = comparison.Arms.First(other => other.Arm == comparison.Baseline);
        if (MeasurementIdentity.Difference(baseline.Measured.Concat(sample.Measured).Select(seed => seed.Measurement)) is { } conflict
            && sample.Measured.Count > 0)
        {
            return new(arm.Name, arm.Css, [], null, null, conflict.ToString());
        }

        if (sample.Values.Count == 0)
        {
            return new(arm.Name, arm.Css, [], null, null, arm.Losses.Length > 0 ? arm.Losses : "no value");
        }

        var summary = sample.Summary;
        return new(
            arm.Name,
            arm.Css,
            [.. sample.Finite.Select(seed => new Dot(
                seed.Measurement.Value!.Value, $"{arm.Name}, seed {seed.Seed}: {Numbers.Significant(seed.Measurement.Value)}"))],
            summary.Mean,
            Student.Interval(summary));
    }
}
