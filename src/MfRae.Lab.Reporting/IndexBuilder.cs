using System.Globalization;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting;

/// <summary>Renders the list of experiments, with a link to each report beside it. Pure, and self-contained like the reports.</summary>
public static class IndexBuilder
{
    /// <param name="unreadable">Names of experiments that the database has and that no query finds.</param>
    public static string Build(IReadOnlyList<IndexEntry> entries, params IReadOnlyList<string> unreadable) => Page(entries, unreadable).Render();

    /// <summary>The same page, which follows the database.</summary>
    public static ServedPage Serve(IReadOnlyList<IndexEntry> entries, IReadOnlyList<string> unreadable, LiveHook hook) =>
        Page(entries, unreadable).Serve(hook);

    private static Page Page(IReadOnlyList<IndexEntry> entries, IReadOnlyList<string> unreadable) => new(
        "Results",
        "Experiments",
        "Rendered from the results database alone.",
        [
            new("experiments", Numbers.Plural(entries.Count, "experiment"), Templates.Render("Sections/index.sbn-html", new
            {
                Unreadable = Unreadable(unreadable),
                NothingRan = entries.Count + unreadable.Count == 0,
                Entries = entries.Select((entry, index) => new
                {
                    Css = Css(index),
                    entry.Title,
                    Name = entry.Name == entry.Title ? "" : entry.Name,
                    Link = Uri.EscapeDataString(entry.Name) + ".html",
                    entry.Question,
                    entry.Outcome,
                    entry.Verdicts,
                    entry.Spark,
                    Size = $"{Numbers.Plural(entry.Arms, "arm")}, {Numbers.Plural(entry.Runs, "run")}, n {entry.Seeds}",
                    Lost = entry.Lost == 0 ? "" : $"{Numbers.Count(entry.Lost)} not completed",
                    Latest = entry.Latest?.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "",
                    Cost = entry.CpuSeconds > 0 ? $"{Numbers.Duration(entry.CpuSeconds)} of CPU" : "",
                    entry.Tags,
                }).ToArray(),
            })),
        ],
        string.Concat(entries.SelectMany((entry, index) => entry.Style.Select(rule => $".{Css(index)} {rule}\n"))));

    private static Html Unreadable(IReadOnlyList<string> names) => names.Count == 0 ? Html.Empty : Html.Of(
        $"<p class=\"alarm\">{Numbers.Plural(names.Count, "experiment")} cannot be read: "
            + $"{Html.Join(names.Select(name => Html.Of($"<code>{name}</code>")), Html.Text(", "))}. <code>db check</code> says why.</p>");

    /// <summary>Experiments have arms of their own, so a colour holds inside its entry.</summary>
    private static string Css(int index) => string.Create(CultureInfo.InvariantCulture, $"e{index}");
}
