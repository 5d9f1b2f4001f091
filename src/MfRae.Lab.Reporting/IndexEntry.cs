using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting;

/// <summary>One experiment in the list of all.</summary>
/// <param name="Verdict">One line: the best arm, and what may be said of the arms.</param>
/// <param name="Lost">Runs that did not complete.</param>
public sealed record IndexEntry(string Name, string Question, string PrimaryMetric, string Verdict, int Arms, int Runs, int Lost)
{
    public static IndexEntry Of(ExperimentRecord record)
    {
        var primary = ExperimentComparison.Of(record);
        return new(
            record.Name,
            record.Question,
            record.PrimaryMetric,
            Line(primary),
            record.Arms.Count,
            record.Runs.Count,
            record.Runs.Count(run => run.Status != "completed"));
    }

    private static string Line(ExperimentComparison primary)
    {
        if (primary.Conflict is { } conflict)
        {
            return conflict.ToString();
        }

        if (primary.Best is not { } best)
        {
            return "nothing measured yet";
        }

        var words = primary.Comparisons
            .GroupBy(comparison => comparison.Verdict)
            .Select(group => $"{Numbers.Count(group.Count())} {ComparisonText.Word(group.Key)}");
        var mean = primary.Arms.First(arm => arm.Arm == best).Summary.Mean;
        return $"best {best} ({primary.Metric} {Numbers.Significant(mean)}); " + string.Join(", ", words) + $" against {primary.Baseline}";
    }
}
