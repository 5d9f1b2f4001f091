namespace MfRae.Lab.Reporting.Charts;

/// <summary>A line of a line chart.</summary>
/// <param name="Css">The class of its colour.</param>
internal sealed record Line(string Name, string Css, IReadOnlyList<CurvePoint> Points);
