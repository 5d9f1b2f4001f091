namespace MfRae.Lab.Learning.Metrics;

/// <summary>A metric's value before the identity of the evaluation is added.</summary>
/// <param name="Samples">How many samples it was computed from.</param>
/// <param name="UsesExtractor">Whether the feature network is part of its identity.</param>
/// <param name="Reference">Hash of the reference statistics, or the empty string.</param>
public sealed record MetricValue(string Name, double Value, long Samples, bool UsesExtractor, string Reference, bool HigherIsBetter);
