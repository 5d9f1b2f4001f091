using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Factors G of a covariance Σ float64 [F, F]: G Gᵀ = Σ. All singular values of G₁ᵀ G₂ are the roots of eigenvalues of Σ₁ Σ₂.</summary>
internal static class CovarianceFactor
{
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>Cholesky's [F, F], a tenth of the work of any other; null where Σ is singular to rounding.</summary>
    public static Tensor? Triangular(Tensor covariance)
    {
        var (factor, failedAt) = linalg.cholesky_ex(covariance);
        return failedAt.item<int>() == 0 ? factor : null;
    }

    /// <summary>
    /// [F, rank] by eigendecomposition. Directions that are empty to rounding are left out: with them the root of an eigenvalue
    /// of 10⁻¹⁶ would count as 10⁻⁸.
    /// </summary>
    public static Tensor Spectral(Tensor covariance)
    {
        var (values, vectors) = linalg.eigh(covariance);
        var width = covariance.shape[0];
        var empty = values.le(values.max() * (width * Epsilon)).sum().item<long>();
        // Eigenvalues ascend.
        return vectors.slice(1, empty, width, 1) * values.slice(0, empty, width, 1).sqrt();
    }
}
