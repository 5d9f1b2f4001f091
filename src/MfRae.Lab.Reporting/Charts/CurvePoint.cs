namespace MfRae.Lab.Reporting.Charts;

/// <summary>A curve at one step: the mean over seeds and the range they span. Without a finite value the mean is null.</summary>
internal sealed record CurvePoint(double Step, double? Mean, double Low, double High);
