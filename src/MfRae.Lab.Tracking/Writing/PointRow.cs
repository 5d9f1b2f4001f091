namespace MfRae.Lab.Tracking.Writing;

/// <summary>A value of a curve, not yet written.</summary>
internal readonly record struct PointRow(long Series, long Step, double? Value);
