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
}
