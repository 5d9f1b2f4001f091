using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;

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
            new("The same in both, from the same stages", [.. shown.Where(metric => metric.Same)]),
            new("Metrics without a better and a worse", [.. shown.Where(metric => !metric.Same && !metric.Directed)]),
        ];
        return new(
            compared.Count == 0 ? "There is no metric that both experiments have measured." : shown.Length == 0 ? "No metric may be compared." : "",
            a.Head,
            b.Head,
            Html.Of($"<p class=\"legend\">{new[] { a, b }.Select(side => Palette.Key(side.Css, side.Legend))}</p>"),
            [.. groups.Where(group => group.Metrics.Count > 0)]);
    }
}

/// <param name="Title">Under which it is folded away; the empty string where it is not.</param>
internal sealed record ComparedGroup(string Title, IReadOnlyList<ComparedMetric> Metrics);
