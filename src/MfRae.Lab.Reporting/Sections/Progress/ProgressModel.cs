using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>Quality on the way, and how soon each arm reached some of it.</summary>
/// <param name="Conflict">Why the arms must not share a chart; the empty string where they may.</param>
/// <param name="Charts">Over steps and over operations, which are what they are.</param>
/// <param name="Timed">Over seconds, which no two runs have alike.</param>
/// <param name="Targets">Headings of what may be reached; none where nothing became better.</param>
internal sealed record ProgressModel(
    string Conflict,
    Html Legend,
    IReadOnlyList<Html> Charts,
    Html Timed,
    string Note,
    IReadOnlyList<ProgressTarget> Targets,
    IReadOnlyList<ProgressRow> Rows,
    Html Sql);

/// <param name="Value">The FID to be reached.</param>
internal sealed record ProgressTarget(string Name, string Value);

/// <param name="Cells">Whole cells: when the arm reached each target.</param>
internal sealed record ProgressRow(Html Arm, string Start, string End, IReadOnlyList<Html> Cells);
