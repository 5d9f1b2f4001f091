using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Versions;

/// <summary>All plans of the experiment, oldest first.</summary>
/// <param name="Name">The name of the experiment, for the command that compares two versions.</param>
/// <param name="Failed">Attempts of earlier versions without a result.</param>
/// <param name="More">The number of attempts that the page leaves out; the empty string where it shows all.</param>
/// <param name="Resumed">Attempts of earlier versions that were killed or interrupted, at stages that completed later.</param>
internal sealed record VersionsModel(
    string Name,
    IReadOnlyList<VersionsRow> Rows,
    IReadOnlyList<VersionsAttempt> Failed,
    string More,
    IReadOnlyList<VersionsAttempt> Resumed,
    Html Sql);

/// <param name="Note">`this page`, or the empty string.</param>
/// <param name="Last">The empty string where the plan ran once.</param>
/// <param name="Changes">The differences from the version before.</param>
/// <param name="Arms">The primary metric of each arm: mean ± standard deviation over seeds, n.</param>
internal sealed record VersionsRow(
    string Number,
    string Note,
    string First,
    string Last,
    IReadOnlyList<string> Changes,
    string Runs,
    string Metric,
    IReadOnlyList<string> Arms);

internal sealed record VersionsAttempt(string Version, string Stage, string Number, Html Status, string Error);
