namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What there is for metrics to be computed from.</summary>
/// <param name="Width">Dimensions of a feature.</param>
/// <param name="Logits">Whether the network classifies.</param>
/// <param name="Accuracy">Why it does not predict the classes of the samples, or null where it does.</param>
/// <param name="Classes">Why samples and reference cannot be compared class by class, or null where they can.</param>
/// <param name="Spatial">Whether it has a map for sFID.</param>
/// <param name="ReferenceSpatial">Whether the reference has statistics of that map.</param>
/// <param name="ReferenceRows">How many features of reference images are at hand, not their statistics alone.</param>
/// <param name="Train">Why nothing can be compared with training images, or null where it can.</param>
internal sealed record MetricInputs(
    long Samples,
    long Width,
    bool Logits,
    string? Accuracy,
    string? Classes,
    bool Spatial,
    bool ReferenceSpatial,
    long ReferenceRows,
    string? Train,
    string InceptionScoreForm,
    int InceptionScoreSplits);
