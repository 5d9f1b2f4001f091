namespace MfRae.Lab.Reporting.Charts;

/// <summary>A value to compare with, drawn as a dashed line where it lies in the range of the chart.</summary>
internal sealed record Rule(double Value, string Name);
