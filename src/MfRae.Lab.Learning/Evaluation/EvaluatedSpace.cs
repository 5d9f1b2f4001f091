namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What was found in the features of one network.</summary>
/// <param name="Name">Of the network, as the user gave it.</param>
/// <param name="Width">Of a feature.</param>
public sealed record EvaluatedSpace(
    string Name,
    FeatureIdentity Identity,
    long Width,
    EvaluatedReference Reference,
    IReadOnlyList<EvaluatedMetric> Metrics,
    IReadOnlyList<SkippedMetric> Skipped,
    CorruptionLadder? Ladder);
