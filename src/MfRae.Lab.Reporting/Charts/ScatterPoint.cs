namespace MfRae.Lab.Reporting.Charts;

/// <summary>A point of a scatter chart.</summary>
/// <param name="Shape">Which of the shapes of <see cref="ScatterChart"/>; negative: that of what is only compared with.</param>
/// <param name="Label">Stands beside the mark, or null.</param>
internal sealed record ScatterPoint(double X, double Y, string Css, int Shape, string Tip, string? Label = null);
