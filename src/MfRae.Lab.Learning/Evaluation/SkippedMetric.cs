namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A metric that was not computed.</summary>
/// <param name="Reason">What it needs and does not have.</param>
public sealed record SkippedMetric(string Metric, string Reason);
