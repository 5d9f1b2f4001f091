using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>A mean with its 95 % interval and n, or why there is none.</summary>
internal static class ResultsCell
{
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
            return Html.Of($"<td class=\"number quiet\">–<span class=\"n\">n 0 of {sample.Planned}</span></td>");
        }

        var text = Numbers.PlusMinus(sample.Summary.Mean, Student.HalfWidth(sample.Summary));
        var value = comparison.Best == arm.Name ? Html.Of($"<strong>{text}</strong>") : Html.Text(text);
        var n = $"n {sample.Values.Count}" + (sample.Lost > 0 ? $" of {sample.Planned}" : "");
        var seeds = string.Join(", ", sample.Finite.Select(seed => $"seed {seed.Seed}: {Numbers.Significant(seed.Measurement.Value)}"));
        return Html.Of(
            $"<td class=\"number\" title=\"{seeds}\">{value}<span class=\"n{(sample.Lost > 0 ? " lost" : "")}\">{n}</span></td>");
    }
}
