namespace MfRae.Lab.Learning.Metrics;

/// <summary>A metric's value before the identity of the evaluation is added.</summary>
/// <param name="Low">Lower end of a 95 % interval over the samples (docs/method.md §9), or null.</param>
/// <param name="High">Its upper end, or null.</param>
/// <param name="Samples">How many samples it was computed from.</param>
/// <param name="UsesExtractor">Whether the feature network is part of its identity.</param>
/// <param name="Reference">Hash of the reference statistics, or the empty string.</param>
/// <param name="HigherIsBetter">Direction, or null where there is none.</param>
public sealed record MetricValue(
    string Name, double Value, double? Low, double? High, long Samples, bool UsesExtractor, string Reference, bool? HigherIsBetter);
