namespace MfRae.Lab.Reporting.Charts;

/// <summary>A cell of a heat map: an arm at its place in the grid.</summary>
/// <param name="Value">What stands in the cell.</param>
/// <param name="Strength">0 at the worst value, 1 at the best; null where there is none.</param>
/// <param name="Best">Whether the cell is framed.</param>
internal sealed record HeatCell(int Column, int Row, string Css, string Value, string Note, double? Strength, bool Best, string Tip);
