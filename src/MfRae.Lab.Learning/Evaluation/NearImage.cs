namespace MfRae.Lab.Learning.Evaluation;

/// <param name="Distance">Euclidean, in feature space.</param>
public sealed record NearImage(string Image, double Distance);
