using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Verdicts;

/// <summary>The figures on top: the best arm, the baseline, and the teacher at its fewest and most steps in the same metric.</summary>
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
            ? [new(MetricName.OfKey(key), Numbers.Significant(accuracy.Summary.Mean, 3), $"of {best.Name}")]
            : [];
    }

    /// <summary>At its fewest and its most steps.</summary>
    private static IReadOnlyList<Measurement> Teacher(ReportData data)
    {
        var arms = data.Primary.Arms.SelectMany(arm => arm.Measured).Select(seed => seed.Measurement).FirstOrDefault();
        var values = arms is null ? [] : TeacherRules.Values(data, arms);
        return values.Count < 2 ? values : [values[0], values[^1]];
    }

    private static string Ratio(ArmSample? best, Measurement teacher) =>
        best is { Values.Count: > 0 } && teacher.Value is > 0 and var value && best.Summary.Mean > 0
            ? $"the best arm has {Numbers.Significant(best.Summary.Mean / value, 2)} times that"
            : "";

    private static string Value(ArmSample sample) => Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)
        + (sample.Summary.Deviation is null ? "" : " (sd over seeds)");

    private static string Seeds(ArmSample sample) => $", n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
}
