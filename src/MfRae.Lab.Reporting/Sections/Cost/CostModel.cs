using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>What quality cost.</summary>
internal sealed record CostModel(
    Html Legend,
    IReadOnlyList<Html> Sampling,
    IReadOnlyList<Html> Training,
    string Note,
    IReadOnlyList<string> Columns,
    IReadOnlyList<CostRow> Rows,
    Html Sql,
    Html SamplingSql);

/// <param name="Cells">Whole cells.</param>
internal sealed record CostRow(Html Arm, IReadOnlyList<Html> Cells);
