namespace MfRae.Lab.Tracking;

/// <summary>The answer to a query.</summary>
/// <param name="Rows">Cells are long, double, string, byte[] or null.</param>
/// <param name="Truncated">There were more rows than were asked for.</param>
public sealed record QueryResult(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<object?>> Rows, bool Truncated);
