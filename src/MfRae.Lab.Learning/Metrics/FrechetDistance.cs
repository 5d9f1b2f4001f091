using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>FID (arXiv 1706.08500): ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½).</summary>
public static class FrechetDistance
{
    /// <summary>
    /// By symmetric eigendecompositions in float64: tr (Σ₁ Σ₂)^½ = tr (Σ₁^½ Σ₂ Σ₁^½)^½, whose matrix is symmetric and
    /// positive semi-definite, so nothing complex or NaN comes up where a covariance is rank-deficient.
    /// </summary>
    public static double Between(FeatureStatistics first, FeatureStatistics second)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (values, vectors) = linalg.eigh(first.Covariance);
        var root = (vectors * values.clamp_(min: 0).sqrt()).mm(vectors.t());
        var product = root.mm(second.Covariance).mm(root);
        var cross = linalg.eigvalsh((product + product.t()) * 0.5).clamp_(min: 0).sqrt().sum();
        var distance = (first.Mean - second.Mean).square().sum() + first.Covariance.trace() + second.Covariance.trace() - (2 * cross);
        return distance.item<double>();
    }

    /// <summary>
    /// The same from the features themselves, first [N, F] and second [M, F], without any matrix root: with centred features A
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
        return ((mean1 - mean2).square().sum() + trace1 + trace2 - (2 * cross)).item<double>();
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
