using MfRae.Lab.Core.Experiments;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Factors G of a covariance Σ float64 [F, F]: G Gᵀ = Σ. All singular values of G₁ᵀ G₂ are the roots of eigenvalues of Σ₁ Σ₂.</summary>
internal static class CovarianceFactor
{
    /// <summary>The distance from 1 to the next number.</summary>
    public const double Epsilon = 2.220446049250313e-16;

    // What rounding of a file in float32 makes of eigenvalues that are zero, relative to the largest.
    private const double Negative = 1e-6;

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
    /// <param name="source">Where the covariance comes from, for the message.</param>
    /// <exception cref="LabException">It has negative eigenvalues.</exception>
    public static Tensor Spectral(Tensor covariance, string source = "the statistics")
    {
        var (values, vectors) = linalg.eigh(covariance);
        if (values.min().item<double>() < -Negative * values.abs().max().item<double>())
            throw new LabException($"{source}: the covariance has negative eigenvalues, so it is none");
        var width = covariance.shape[0];
        var empty = values.le(values.max() * (width * Epsilon)).sum().item<long>();
        // Eigenvalues ascend.
        return vectors.slice(1, empty, width, 1) * values.slice(0, empty, width, 1).sqrt();
    }
}
