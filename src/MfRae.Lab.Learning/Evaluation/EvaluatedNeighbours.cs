namespace MfRae.Lab.Learning.Evaluation;

/// <summary>A sample with the training images that are nearest to it.</summary>
/// <param name="Nearest">By ascending distance.</param>
public sealed record EvaluatedNeighbours(string Sample, IReadOnlyList<NearImage> Nearest);
