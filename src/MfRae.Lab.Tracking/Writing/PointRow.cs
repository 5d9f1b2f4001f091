namespace MfRae.Lab.Tracking.Writing;

/// <summary>A value of a curve, not yet written.</summary>
internal sealed record PointRow(string Name, long Step, double? Value, double Wall);
