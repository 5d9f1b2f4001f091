namespace MfRae.Lab.Tracking.Exchange;

/// <summary>A column of a public view.</summary>
internal sealed record ViewColumn(string Name, CellType Type);
