using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Failures;

/// <summary>What did not end well. Never left out, and empty only when there is nothing.</summary>
/// <param name="Details">What explains the attempts that left something to explain them.</param>
/// <param name="More">Of how many attempts more the page shows no details; the empty string where it shows all.</param>
/// <param name="Resumed">Attempts that were killed or interrupted, at stages that completed.</param>
/// <param name="Earlier">How many attempts of earlier versions have no result; the empty string where all have.</param>
internal sealed record FailuresModel(
    IReadOnlyList<FailuresRow> Rows,
    string Runs,
    IReadOnlyList<FailuresDetail> Details,
    string More,
    IReadOnlyList<FailuresRow> Resumed,
    string Earlier,
    Html Sql);

internal sealed record FailuresRow(string Label, Html Status, string Attempt, string Error);

/// <param name="Charts">Loss and gradient norm up to where the attempt ended.</param>
/// <param name="Note">Where the curves end, and where they leave the finite numbers.</param>
/// <param name="Log">The last lines that the worker printed, or the empty string.</param>
internal sealed record FailuresDetail(string Title, IReadOnlyList<Html> Charts, string Note, string Log);
