using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Oracle;

/// <summary>What was measured where the truth is known, beside what is predicted.</summary>
internal sealed record OracleModel(
    Html Legend,
    string Shapes,
    IReadOnlyList<Html> Charts,
    IReadOnlyList<OracleTable> Tables,
    Html ClosedForms,
    Html Sql);

/// <param name="Note">How to read its columns.</param>
internal sealed record OracleTable(string Title, string Note, IReadOnlyList<string> Columns, IReadOnlyList<OracleRow> Rows);

internal sealed record OracleRow(Html Arm, IReadOnlyList<string> Cells);
