namespace MfRae.Lab.Reporting.Charts;

/// <summary>A line of a line chart.</summary>
/// <param name="Css">The class of its colour.</param>
/// <param name="Seeds">Each seed alone, for scripts to draw; null where there is one or the page would grow too large.</param>
internal sealed record Line(
    string Name, string Css, IReadOnlyList<CurvePoint> Points, IReadOnlyList<IReadOnlyList<CurvePoint>>? Seeds = null);
