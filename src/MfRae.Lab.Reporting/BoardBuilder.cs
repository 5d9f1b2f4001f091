using MfRae.Lab.Reporting.Boards;
using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting;

/// <summary>
/// Renders the board: every run of every experiment, any metric against any option. A pure function, and a page that works offline. The page is
/// drawn by its script.
/// </summary>
public static class BoardBuilder
{
    /// <summary>Renders the board of experiments in the order of the list.</summary>
    public static string Build(IReadOnlyList<BoardEntry> entries) => Page(entries).Render();

    /// <summary>Renders the board with a script that updates it when the database changes.</summary>
    public static ServedPage Serve(IReadOnlyList<BoardEntry> entries, LiveHook hook) => Page(entries).Serve(hook);

    private static Page Page(IReadOnlyList<BoardEntry> entries) => new(
        "Results",
        "All runs",
        "Generated from the results database.",
        [
            new(
                "board",
                $"{Numbers.Plural(entries.Sum(entry => entry.Runs.Count), "run")} of {Numbers.Plural(entries.Count, "experiment")}",
                Templates.Render("Boards/board.sbn-html", new { Data = Html.Json(new BoardJson(entries).Write) })),
        ],
        Templates.Text("Assets/board.css"),
        ["board"]);
}
