using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>What one of the two experiments asks.</summary>
internal sealed record ComparisonQuestion(string Letter, string Css, string Name, string Question, string Expectation, string Metric, string Design)
{
    public static ComparisonQuestion Of(ComparisonSide side) => new(
        side.Letter,
        side.Css,
        side.Record.Name,
        side.Record.Question,
        side.Record.Expectation,
        MetricName.OfKey(side.Record.PrimaryMetric),
        $"{Numbers.Plural(side.Record.Arms.Count, "arm")} × {Numbers.Plural(side.Record.Seeds.Count, "seed")} = "
            + Numbers.Plural(side.Record.Runs.Count, "run"));
}
