using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>FID (arXiv 1706.08500): ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½). Where rounding leaves less than 0, the distance is 0.</summary>
public static class FrechetDistance
{
    /// <summary>
    /// In float64 without a root of any matrix: tr (Σ₁ Σ₂)^½ is the sum of the singular values of G₁ᵀ G₂ for any factors G Gᵀ = Σ, so
    /// nothing complex or NaN comes up and nothing is lost where a covariance is rank-deficient.
    /// <see cref="FrechetReference"/> keeps the factor of the first for further distances.
    /// </summary>
    public static double Between(FeatureStatistics first, FeatureStatistics second) =>
        FrechetReference.Of(first).Distance(second.Checked("the statistics of the samples"));

    /// <summary>
    /// The same from the features themselves, first [N, F] and second [M, F]: with centred features A
    /// and B tr (Σ₁ Σ₂)^½ = ‖A Bᵀ‖_* / sqrt((N - 1)(M - 1)), which loses nothing where fewer samples than features leave directions empty.
    /// Its cost grows with N and M, so it is for sets that are small.
    /// </summary>
    public static double BetweenFeatures(Tensor first, Tensor second)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (mean1, factor1, trace1) = Factor(first.to(float64));
        var (mean2, factor2, trace2) = Factor(second.to(float64));
        var cross = linalg.svdvals(factor1.mm(factor2.t())).sum();
        return FrechetReference.AtLeastZero(((mean1 - mean2).square().sum() + trace1 + trace2 - (2 * cross)).item<double>());
    }

    // Mean, a matrix R with RᵀR = Σ and at most F rows, and tr Σ.
    private static (Tensor Mean, Tensor Factor, Tensor Trace) Factor(Tensor features)
    {
        var mean = features.mean([0]);
        var centred = (features - mean) / Math.Sqrt(features.shape[0] - 1);
        var (_, factor) = linalg.qr(centred, linalg.QRMode.R);
        return (mean, factor, centred.square().sum());
    }
}
