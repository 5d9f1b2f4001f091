using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// One side of Fréchet distances, with its covariance factored once: Σ₂ = R Rᵀ. Every distance to it then needs the eigenvalues of
/// Rᵀ Σ₁ R, whose roots add up to tr (Σ₁ Σ₂)^½, or the singular values of Rᵀ G₁ (docs/method.md §9).
/// </summary>
public sealed class FrechetReference
{
    // An eigenvalue above this share of the largest belongs to a direction that is not empty, and rounding changes its root by 10⁻¹¹ of
    // the largest root.
    private const double Certain = 1e-10;

    private readonly Tensor _mean;
    private readonly Tensor _factor;
    private readonly double _trace;
    private readonly bool _full;

    private FrechetReference(Tensor mean, Tensor factor, double trace, bool full) =>
        (_mean, _factor, _trace, _full) = (mean.MoveToOuterDisposeScope(), factor.MoveToOuterDisposeScope(), trace, full);

    /// <summary>The number of features F.</summary>
    public long Dimensions => _mean.shape[0];

    /// <summary>The reference of given statistics.</summary>
    /// <param name="source">The source of the statistics, for messages.</param>
    /// <exception cref="LabException">The statistics are not finite, not symmetric, or not a covariance.</exception>
    public static FrechetReference Of(FeatureStatistics statistics, string source = "the reference statistics")
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (mean, covariance) = statistics.Checked(source);
        var triangular = CovarianceFactor.Triangular(covariance);
        var factor = triangular ?? CovarianceFactor.Spectral(covariance, source);
        if (factor.shape[1] == 0)
            factor = zeros(mean.shape[0], 1, dtype: float64);
        return new(mean.clone(), factor.contiguous(), covariance.trace().item<double>(), triangular is not null);
    }

    /// <summary>
    /// The reference of the features [M, F]. With at most as many rows as dimensions the centred rows are the factor, which is exact even
    /// where directions are empty.
    /// </summary>
    public static FrechetReference OfFeatures(Tensor features, string source = "the reference features")
    {
        if (features.shape[0] > features.shape[1])
            return Of(FeatureStatistics.Of(features), source);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (mean, centred) = Centred(features, source);
        return new(mean, (centred.t() / Math.Sqrt(features.shape[0] - 1)).contiguous(), Trace(centred), full: false);
    }

    /// <summary>The same reference, detached from its dispose scope.</summary>
    public FrechetReference Kept()
    {
        _mean.DetachFromDisposeScope();
        _factor.DetachFromDisposeScope();
        return this;
    }

    /// <summary>The distance of a sum that may be negative by rounding.</summary>
    internal static double AtLeastZero(double sum) => Math.Max(0, sum);

    /// <summary>The distance to the Gaussian with these statistics, at least 0.</summary>
    public double Distance(FeatureStatistics samples)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        CheckDimensions(samples.Mean.shape[0]);
        return AtLeastZero(
            ((samples.Mean - _mean).square().sum() + samples.Covariance.trace() + _trace - (2 * Cross(samples.Covariance))).item<double>());
    }

    /// <summary>The distance of features [N, F], N ≥ 2.</summary>
    public double Distance(Tensor features)
    {
        CheckDimensions(features.shape[1]);
        if (Roots(features) is { } roots)
            return roots.Distance;
        using var scope = NewDisposeScope();
        return Distance(FeatureStatistics.Of(features));
    }

    /// <summary>The distance of features [N, F], N ≥ 2, and the influence of each row on it.</summary>
    public FrechetEstimate Estimate(Tensor features)
    {
        CheckDimensions(features.shape[1]);
        if (Roots(features) is { } roots)
            return roots;
        using var scope = NewDisposeScope();
        return Estimate(features, FeatureStatistics.Of(features));
    }

    /// <summary>The distance and the influences, given the statistics of the features.</summary>
    public FrechetEstimate Estimate(Tensor features, FeatureStatistics statistics)
    {
        CheckDimensions(features.shape[1]);
        if (Roots(features) is { } roots)
            return roots;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (values, vectors) = linalg.eigh(Product(statistics.Covariance));
        values.clamp_(min: 0);
        var difference = statistics.Mean - _mean;
        // The transport map A = R (Rᵀ Σ₁ R)^-½ Rᵀ as G Gᵀ, over the directions that are not empty.
        var kept = values.gt(values.max() * (values.shape[0] * CovarianceFactor.Epsilon)).nonzero().flatten();
        var cross = _full && kept.shape[0] == values.shape[0] ? values.sqrt().sum() : Cross(statistics.Covariance);
        var distance = difference.square().sum() + statistics.Covariance.trace() + _trace - (2 * cross);
        var map = _factor.mm(vectors.index_select(1, kept) * values.index_select(0, kept).pow(-0.25));
        var influences = empty(features.shape[0], dtype: float64);
        foreach (var (start, end) in Blocks.Of(features.shape[0], features.shape[1] * sizeof(double)))
        {
            using var block = NewDisposeScope();
            var centred = features.slice(0, start, end, 1).to(float64) - statistics.Mean;
            var turned = centred.square().sum([1]) - centred.mm(map).square().sum([1]);
            influences.slice(0, start, end, 1).copy_(Influences(centred, difference, turned, features.shape[0]));
        }
        return new(AtLeastZero(distance.item<double>()), Numbers(influences));
    }

    // With fewer rows than the reference has directions: the singular values of X R from the Gram matrix of its rows, without values that
    // are zero up to rounding. One value is zero, because the rows of X add up to zero.
    private FrechetEstimate? Roots(Tensor features)
    {
        var count = features.shape[0];
        if (count > _factor.shape[1] || count < 2)
            return null;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (mean, centred) = Centred(features, "the samples");
        var projected = centred.mm(_factor) / Math.Sqrt(count - 1);
        var (values, vectors) = linalg.eigh(projected.mm(projected.t()));
        var roots = values.masked_fill(values.le(values.max() * (count * CovarianceFactor.Epsilon)), 0).sqrt();
        var difference = mean - _mean;
        var distance = difference.square().sum().item<double>() + Trace(centred) + _trace - (2 * roots.sum().item<double>());
        var turned = centred.square().sum([1]) - (vectors.square().mv(roots) * (count - 1));
        return new(AtLeastZero(distance), Numbers(Influences(centred, difference, turned, count)));
    }

    // tr (Σ₁ Σ₂)^½. Eigenvalues cost a third of singular values and need no factor of Σ₁. Their roots are as exact, except in empty
    // directions.
    private Tensor Cross(Tensor covariance)
    {
        var triangular = CovarianceFactor.Triangular(covariance);
        if (triangular is not null || !_full)
        {
            var squares = linalg.eigvalsh(Product(covariance));
            if ((_full && triangular is not null) || squares.min().item<double>() > Certain * squares.max().item<double>())
                return squares.clamp_(min: 0).sqrt().sum();
        }
        var factor = triangular ?? CovarianceFactor.Spectral(covariance, "the statistics of the samples");
        return linalg.svdvals(_factor.t().mm(factor)).sum();
    }

    private Tensor Product(Tensor covariance)
    {
        var product = _factor.t().mm(covariance.to(float64)).mm(_factor);
        return (product + product.t()).mul_(0.5);
    }

    private void CheckDimensions(long dimensions)
    {
        if (dimensions != Dimensions)
            throw new LabException($"features of {dimensions} dimensions cannot be compared with a reference of {Dimensions}");
    }

    private static (Tensor Mean, Tensor Centred) Centred(Tensor features, string source)
    {
        if (features.shape[0] < 2)
            throw new LabException($"{features.shape[0]} image has no covariance: {source} must be at least two");
        var wide = features.to(float64);
        if (!wide.isfinite().all().item<bool>())
            throw new LabException($"{source} contain values that are not finite: images or the feature network are damaged");
        var mean = wide.mean([0]);
        return (mean, wide - mean);
    }

    // 2 (μ₁ - μ₂)ᵀ (x - μ₁) + (x - μ₁)ᵀ (I - A) (x - μ₁), up to a constant, with the factor n / (n - 1) of the covariance.
    private static Tensor Influences(Tensor centred, Tensor difference, Tensor turned, long count) =>
        (centred.mv(difference) * 2) + (turned * (count / (count - 1.0)));

    private static double[] Numbers(Tensor influences) => (influences - influences.mean()).data<double>().ToArray();

    private static double Trace(Tensor centred) => centred.square().sum().item<double>() / (centred.shape[0] - 1);
}

/// <summary>A Fréchet distance and the influence of each sample on it.</summary>
/// <param name="Influences">
/// [N], with mean zero: the weight (1 + ε) / N for sample i changes the distance by ε times its influence over N, to first order.
/// </param>
public sealed record FrechetEstimate(double Distance, double[] Influences);

/// <summary>Factors G of a covariance Σ float64 [F, F]: G Gᵀ = Σ. All singular values of G₁ᵀ G₂ are the roots of eigenvalues of Σ₁ Σ₂.</summary>
internal static class CovarianceFactor
{
    /// <summary>The distance from 1 to the next number.</summary>
    public const double Epsilon = 2.220446049250313e-16;

    // The size of eigenvalues that are zero before a file rounds them to float32, relative to the largest.
    private const double Negative = 1e-6;

    /// <summary>The Cholesky factor [F, F], a tenth of the work of any other factor; null where Σ is singular up to rounding.</summary>
    public static Tensor? Triangular(Tensor covariance)
    {
        var (factor, failedAt) = linalg.cholesky_ex(covariance);
        return failedAt.item<int>() == 0 ? factor : null;
    }

    /// <summary>
    /// [F, rank] by eigendecomposition. Directions that are empty up to rounding are left out: otherwise the root of an eigenvalue of 10⁻¹⁶
    /// would count as 10⁻⁸.
    /// </summary>
    /// <param name="source">The source of the covariance, for the message.</param>
    /// <exception cref="LabException">The covariance has negative eigenvalues.</exception>
    public static Tensor Spectral(Tensor covariance, string source = "the statistics")
    {
        var (values, vectors) = linalg.eigh(covariance);
        if (values.min().item<double>() < -Negative * values.abs().max().item<double>())
            throw new LabException($"{source}: the matrix has negative eigenvalues, so it is not a covariance");
        var width = covariance.shape[0];
        var empty = values.le(values.max() * (width * Epsilon)).sum().item<long>();
        // Eigenvalues are in ascending order.
        return vectors.slice(1, empty, width, 1) * values.slice(0, empty, width, 1).sqrt();
    }
}

/// <summary>FID (arXiv 1706.08500): ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½). Where rounding leaves less than 0, the distance is 0.</summary>
public static class FrechetDistance
{
    /// <summary>
    /// In float64 without a matrix root: tr (Σ₁ Σ₂)^½ is the sum of the singular values of G₁ᵀ G₂ for any factors G Gᵀ = Σ. No complex
    /// values and no NaN can occur, and a rank-deficient covariance causes no loss of precision.
    /// <see cref="FrechetReference"/> keeps the factor of one side for further distances.
    /// </summary>
    public static double Between(FeatureStatistics first, FeatureStatistics second) =>
        FrechetReference.Of(first).Distance(second.Checked("the statistics of the samples"));

    /// <summary>
    /// FID from the features, first [N, F] and second [M, F]: with centred features A and B, tr (Σ₁ Σ₂)^½ =
    /// ‖A Bᵀ‖_* / sqrt((N - 1)(M - 1)), which is exact even where fewer samples than features leave directions empty. The cost grows with
    /// N and M, so it suits small sets.
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
