namespace MfRae.Lab.Reporting.Charts;

/// <summary>A point of a scatter chart.</summary>
/// <param name="Shape">Which of the shapes of <see cref="ScatterChart"/>.</param>
internal sealed record ScatterPoint(double X, double Y, string Css, int Shape, string Tip);
