namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What there is for metrics to be computed from.</summary>
/// <param name="Logits">Whether the network classifies.</param>
/// <param name="OwnClasses">Whether it predicts the classes that the samples were drawn for.</param>
/// <param name="Spatial">Whether it has a map for sFID.</param>
/// <param name="ReferenceSpatial">Whether the reference has statistics of that map.</param>
/// <param name="ReferenceRows">How many features of reference images are at hand, not their statistics alone.</param>
/// <param name="SampleClasses">Names of the samples' classes, or null.</param>
/// <param name="ReferenceClasses">Names of the classes of the reference's rows, or null.</param>
/// <param name="Train">Whether there are training images.</param>
internal sealed record MetricInputs(
    long Samples,
    bool Logits,
    bool OwnClasses,
    bool Spatial,
    bool ReferenceSpatial,
    long ReferenceRows,
    IReadOnlyList<string>? SampleClasses,
    IReadOnlyList<string>? ReferenceClasses,
    bool Train,
    string InceptionScoreForm,
    int InceptionScoreSplits);
