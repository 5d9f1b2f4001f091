using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>
/// An arm's mean of one metric, or the reason for a missing mean. Scripts sort and copy the numbers by attributes: v the value, s the
/// standard deviation, h half the width of the interval, n.
/// </summary>
/// <param name="Conflict">Why the value is not comparable with the baseline's; null if it is comparable.</param>
/// <param name="Lost">Whether some seeds have no value.</param>
/// <param name="Value">Null if no seed has a value.</param>
/// <param name="Note">The number of seeds with a value: `n 1 of 2`.</param>
internal sealed record ResultsCell(string? Conflict, bool Lost, ResultsValue? Value, string Note)
{
    /// <summary>The cell of an arm in a comparison.</summary>
    public static ResultsCell Of(ExperimentComparison comparison, ArmView arm)
    {
        var sample = arm.Of(comparison);
        var baseline = comparison.Arms.First(other => other.Arm == comparison.Baseline);
        var conflict = MeasurementIdentity.Difference(baseline.Measured.Concat(sample.Measured).Select(seed => seed.Measurement));
        if (conflict is not null && sample.Measured.Count > 0)
        {
            return new(conflict.ToString(), true, null, "");
        }

        var stopped = sample.Stopped ? ", stopped" : "";
        return sample.Values.Count == 0
            ? new(null, true, null, $"n 0 of {sample.Planned}{(sample.Diverged > 0 ? $", {sample.Diverged} diverged" : "")}{stopped}")
            : new(null, sample.Lost > 0, ResultsValue.Of(comparison, sample), $"n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "") + stopped);
    }
}

/// <summary>A mean over seeds.</summary>
/// <param name="Text">Mean ± standard deviation.</param>
/// <param name="Interval">The 95 % interval of the mean; the empty string for fewer than two values.</param>
/// <param name="IsBest">Whether the mean is the best of its column.</param>
/// <param name="MayBeBest">Whether the arm is in the set of arms that may be the best, and not the arm with the best mean.</param>
/// <param name="V">The mean, for scripts.</param>
/// <param name="S">The standard deviation, for scripts; null for fewer than two values.</param>
/// <param name="H">Half the width of the interval, for scripts; null for fewer than two values.</param>
/// <param name="N">The number of values.</param>
internal sealed record ResultsValue(string Text, string Interval, bool IsBest, bool MayBeBest, string V, string? S, string? H, int N)
{
    private const int Digits = 10;

    /// <summary>The mean of a sample that has values.</summary>
    public static ResultsValue Of(ExperimentComparison comparison, ArmSample sample)
    {
        var scale = MetricName.Scale(comparison.Metric);
        var shown = sample.Summary with { Mean = scale * sample.Summary.Mean, Deviation = scale * sample.Summary.Deviation };
        return new(
            Numbers.PlusMinus(shown.Mean, shown.Deviation),
            StudentInterval.Text(shown),
            comparison.Best == sample.Arm,
            comparison.Best != sample.Arm && comparison.MayBeBest?.Contains(sample.Arm) == true,
            Exact(shown.Mean),
            shown.Deviation is { } deviation ? Exact(deviation) : null,
            StudentInterval.HalfWidth(shown) is { } half ? Exact(half) : null,
            sample.Values.Count);
    }

    private static string Exact(double value) => Svg.Digits(value, Digits).ToString();
}

/// <summary>The value of one run.</summary>
/// <param name="Text">Null without a finite value.</param>
/// <param name="Range">The 95 % interval over samples, if the metric has one; else the empty string.</param>
/// <param name="Missing">The text in place of a missing value.</param>
internal sealed record SeedCell(string? Text, string Range, string Missing)
{
    /// <summary>The cell of an arm's run under a seed.</summary>
    public static SeedCell Of(ExperimentComparison comparison, ArmView arm, long seed)
    {
        string Shown(double? value) => Numbers.Significant(MetricName.Scale(comparison.Metric) * value);
        return arm.Of(comparison).Measured.Concat(arm.Of(comparison).Pilots).FirstOrDefault(one => one.Seed == seed) switch
        {
            null => new(null, "", "–"),
            { Finite: false } => new(null, "", "not finite"),
            { Measurement: var measurement } => new(
                Shown(measurement.Value),
                measurement is { Low: { } low, High: { } high } ? $"{Shown(low)} to {Shown(high)}" : "",
                ""),
        };
    }
}
