using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Cost;

/// <summary>What quality cost.</summary>
internal sealed record CostModel(
    Html Chart, Html Legend, string Note, IReadOnlyList<string> Columns, IReadOnlyList<CostRow> Rows, Html Sql);

internal sealed record CostRow(Html Arm, IReadOnlyList<string> Costs, IReadOnlyList<string> Cells);
