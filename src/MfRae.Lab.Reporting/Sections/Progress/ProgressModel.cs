using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Progress;

/// <summary>Quality on the way, and how soon it reached what the baseline ended with.</summary>
/// <param name="Conflict">Why the arms must not share a chart; the empty string where they may.</param>
/// <param name="Charts">Over steps and over operations, which are what they are.</param>
/// <param name="Timed">Over seconds, which no two runs have alike.</param>
/// <param name="Seconds">Heading of the column of seconds.</param>
internal sealed record ProgressModel(
    string Conflict,
    Html Legend,
    IReadOnlyList<Html> Charts,
    Html Timed,
    string Note,
    string Target,
    string Seconds,
    IReadOnlyList<ProgressRow> Rows,
    Html Sql);

/// <param name="Share">Of the baseline's steps.</param>
internal sealed record ProgressRow(Html Arm, string End, string Steps, string Share, string Operations, string Seconds);
