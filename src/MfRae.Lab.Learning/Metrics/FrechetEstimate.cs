namespace MfRae.Lab.Learning.Metrics;

/// <summary>A Fréchet distance and how each sample moves it.</summary>
/// <param name="Influences">
/// [N], of mean zero: giving sample i the weight (1 + ε) / N moves the distance by ε times its influence over N, to first order.
/// </param>
public sealed record FrechetEstimate(double Distance, double[] Influences);
