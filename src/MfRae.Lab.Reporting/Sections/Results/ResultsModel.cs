using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Results;

/// <summary>Every metric of every arm, what stands beside them, and what the numbers are values of.</summary>
internal sealed record ResultsModel(
    IReadOnlyList<ResultsTable> Tables,
    IReadOnlyList<ResultsBlock> Blocks,
    IReadOnlyList<ResultsIdentity> Identities,
    Html Sql,
    Html BlockSql);

/// <summary>The metrics of samples drawn in one number of steps.</summary>
internal sealed record ResultsTable(string Title, IReadOnlyList<ResultsColumn> Columns, IReadOnlyList<ResultsRow> Rows);

/// <param name="Order">Which way of sorting puts the best first: ascending or descending.</param>
internal sealed record ResultsColumn(string Label, string Key, string Arrow, string Order);

/// <param name="Css">The class of the arm's colour.</param>
/// <param name="Seeds">What unfolds below the arm: each of its runs.</param>
internal sealed record ResultsRow(
    string Name, string Css, Html Arm, string Losses, IReadOnlyList<Html> Cells, IReadOnlyList<ResultsSeed> Seeds);

/// <summary>One run of an arm.</summary>
/// <param name="Status">Where it did not complete: what became of it.</param>
internal sealed record ResultsSeed(string Label, string Status, IReadOnlyList<Html> Cells);

/// <summary>A small table beside the arms: a teacher, a reconstruction, an encoder's probes.</summary>
internal sealed record ResultsBlock(string Title, string Note, Html Table);

internal sealed record ResultsIdentity(
    string Key, string Samples, string Steps, string Guidance, string Labels, Html Extractor, string Preprocessing, Html Reference,
    string Device, string Noise, string Setting);
