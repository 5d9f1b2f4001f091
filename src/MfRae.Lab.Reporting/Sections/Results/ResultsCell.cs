using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>
/// A mean with its standard deviation, 95 % interval and n, or why there is none. Numbers that scripts sort and copy by stand in
/// attributes: v the value, s the standard deviation, h half the width of the interval, n.
/// </summary>
internal static class ResultsCell
{
    private const int Digits = 10;

    private static Html Tie => Html.Of($"<abbr class=\"tie\" title=\"not distinguishable from the best\">≈</abbr>");

    public static Html Of(ExperimentComparison comparison, ArmView arm)
    {
        var sample = arm.Of(comparison);
        var baseline = comparison.Arms.First(other => other.Arm == comparison.Baseline);
        var conflict = MeasurementIdentity.Difference(baseline.Measured.Concat(sample.Measured).Select(seed => seed.Measurement));
        if (conflict is not null && sample.Measured.Count > 0)
        {
            return Html.Of($"<td class=\"number\"><span class=\"lost\">{conflict.ToString()}</span></td>");
        }

        if (sample.Values.Count == 0)
        {
            return Html.Of($"<td class=\"number quiet\">–<span class=\"n\">n 0 of {sample.Planned}{(sample.Diverged > 0 ? $", {sample.Diverged} diverged" : "")}</span></td>");
        }

        var interval = StudentInterval.Text(sample.Summary);
        var text = Html.Of($"<span class=\"value\"{Title(interval)}>{Numbers.PlusMinus(sample.Summary.Mean, sample.Summary.Deviation)}</span>");
        var value = comparison.Best == arm.Name ? Html.Of($"<strong>{text}</strong>")
            : WithinNoise.Of(comparison, sample) ? Html.Of($"{Tie} {text}")
            : text;
        var n = $"n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
        var width = sample.Summary.Deviation is { } deviation && StudentInterval.HalfWidth(sample.Summary) is { } half
            ? Html.Of($" data-s=\"{Svg.Digits(deviation, Digits)}\" data-h=\"{Svg.Digits(half, Digits)}\"")
            : Html.Empty;
        return Html.Of(
            $"<td class=\"number\" data-v=\"{Svg.Digits(sample.Summary.Mean, Digits)}\"{width} data-n=\"{sample.Values.Count}\">{value}"
                + $"<span class=\"n{(sample.Lost > 0 ? " lost" : "")}\">{n}</span></td>");
    }

    private static Html Title(string text) => text.Length == 0 ? Html.Empty : Html.Of($" title=\"{text}\"");

    /// <summary>What one run of an arm measured, with its interval over samples where the metric has one.</summary>
    public static Html Of(ExperimentComparison comparison, ArmView arm, long seed)
    {
        var measured = arm.Of(comparison).Measured.FirstOrDefault(one => one.Seed == seed);
        if (measured is not { Finite: true, Measurement: var measurement })
        {
            return Html.Of($"<td class=\"number quiet\">{(measured is null ? "–" : "not finite")}</td>");
        }

        var range = measurement is { Low: { } low, High: { } high }
            ? Html.Of($"<span class=\"n\">{Numbers.Significant(low)} to {Numbers.Significant(high)}</span>")
            : Html.Empty;
        return Html.Of($"<td class=\"number\">{Numbers.Significant(measurement.Value)}{range}</td>");
    }
}

/// <summary>
/// Whether an arm is not distinguishable from the best of its column: their difference lies inside the metric's noise band, or
/// Student's 95 % interval of the differences, seed by seed, holds zero. Where seeds are no pairs and the metric has no
/// band, nothing is said.
/// </summary>
internal static class WithinNoise
{
    public static bool Of(ExperimentComparison comparison, ArmSample arm)
    {
        if (comparison.Best is not { } name || name == arm.Arm || arm.Values.Count == 0)
        {
            return false;
        }

        var best = comparison.Arms.First(other => other.Arm == name);
        // Seeds that share both measurements have been compared once.
        var differences = arm.Finite
            .Join(best.Finite, seed => seed.Seed, seed => seed.Seed, (one, other) => (one, other))
            .DistinctBy(pair => (pair.one.Stage, pair.other.Stage))
            .Select(pair => pair.one.Measurement.Value!.Value - pair.other.Measurement.Value!.Value)
            .ToArray();
        var summary = Summary.Of(differences);
        var difference = Math.Abs(differences.Length > 0 ? summary.Mean : arm.Summary.Mean - best.Summary.Mean);
        return NoiseBand.Of(best.Finite[0].Measurement.Metric) is { } band && difference <= band * Math.Abs(best.Summary.Mean)
            || StudentInterval.HalfWidth(summary) is { } half && difference <= half;
    }
}
