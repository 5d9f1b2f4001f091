namespace MfRae.Lab.Learning.Evaluation;

/// <summary>All that an evaluation found, with what makes its numbers comparable.</summary>
public sealed record EvaluationResult(
    EvaluatedImages Samples, EvaluatedImages? Train, IReadOnlyList<EvaluatedSpace> Spaces, EvaluationVersions Versions);
