using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Charts;
using MfRae.Lab.Reporting.Comparisons;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting;

/// <summary>
/// Renders two experiments, or two versions of one experiment, on one page. A pure function of the two records; the page works offline, as
/// reports do.
/// </summary>
public static class ComparisonBuilder
{
    /// <summary>Renders the page.</summary>
    /// <param name="one">Experiment A.</param>
    /// <param name="other">Experiment B.</param>
    /// <param name="compared">Every metric that both experiments have, including metrics that are not comparable.</param>
    public static string Build(ExperimentRecord one, ExperimentRecord other, IReadOnlyList<CrossComparison> compared)
    {
        var (a, b) = (new ComparisonSide("A", "side-a", one), new ComparisonSide("B", "side-b", other));
        var sections = new List<PageSection>
        {
            Section("questions", "Questions", new { Sides = new[] { ComparisonQuestion.Of(a), ComparisonQuestion.Of(b) } }),
            Section("shared-and-changed", "Shared and changed", SharedAndChanged.Of(a, b)),
            Section("results", "Side by side", ComparisonResults.Of(a, b, compared)),
        };
        if (compared.Any(comparison => comparison.Conflicts.Count > 0))
        {
            sections.Add(Section("conflicts", "Not comparable", ComparisonConflicts.Of(compared)));
        }

        return new Page(
            "Comparison",
            one.Title == other.Title ? $"{one.Name} and {other.Name}" : $"{one.Title ?? one.Name} and {other.Title ?? other.Name}",
            "Generated from recorded data. docs/reading-a-report.md explains every section.",
            sections,
            Palette.Sides(a.Css, b.Css)).Render();
    }

    private static PageSection Section(string name, string title, object model) =>
        new(name, title, Templates.Render($"Comparisons/{name}.sbn-html", model));
}
