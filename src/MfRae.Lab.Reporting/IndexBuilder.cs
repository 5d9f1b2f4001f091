using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting;

/// <summary>Renders the list of experiments, with a link to each report beside it. Pure, and self-contained like the reports.</summary>
public static class IndexBuilder
{
    public static string Build(IReadOnlyList<IndexEntry> entries) => new Page(
        "Results",
        "Experiments",
        "Rendered from the results database alone.",
        [
            new("experiments", Numbers.Plural(entries.Count, "experiment"), Templates.Render("Sections/index.sbn-html", new
            {
                Entries = entries.Select(entry => new
                {
                    entry.Name,
                    Link = Uri.EscapeDataString(entry.Name) + ".html",
                    entry.Question,
                    entry.Verdict,
                    Runs = Numbers.Plural(entry.Runs, "run"),
                    Arms = Numbers.Plural(entry.Arms, "arm"),
                    Lost = entry.Lost == 0 ? "" : $"{Numbers.Count(entry.Lost)} not completed",
                }).ToArray(),
            })),
        ]).Render();
}
