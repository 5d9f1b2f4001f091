using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Reporting.Charts;

/// <summary>A row of a dot chart: each seed, their mean and its interval.</summary>
/// <param name="Note">Stands in the row instead of dots where there are none.</param>
internal sealed record DotRow(string Name, string Css, IReadOnlyList<Dot> Dots, double? Mean, Interval? Interval, string Note = "");
