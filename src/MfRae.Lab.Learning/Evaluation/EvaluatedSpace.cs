namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What was found in the features of one network.</summary>
/// <param name="Name">Of the network, as the user gave it.</param>
/// <param name="Network">Its name for people: what it was trained on.</param>
/// <param name="Width">Of a feature.</param>
/// <param name="Warnings">What makes numbers less comparable than they look.</param>
/// <param name="Neighbours">The first samples with the nearest training images; empty where there are none.</param>
public sealed record EvaluatedSpace(
    string Name,
    string Network,
    FeatureIdentity Identity,
    long Width,
    EvaluatedReference Reference,
    IReadOnlyList<EvaluatedMetric> Metrics,
    IReadOnlyList<SkippedMetric> Skipped,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<EvaluatedNeighbours> Neighbours,
    CorruptionLadder? Ladder);
