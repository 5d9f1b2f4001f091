using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// The distance of rows of features to the nearest row of a large fixed set. Distances in the leading principal directions of the set are
/// lower bounds; only pairs whose bound is below the distance of one near pair are measured, in float64. The result is exact.
/// </summary>
public sealed class NearestDistances
{
    // Leading directions, which hold most of the variance of the features of a trained network.
    private const int Directions = 32;

    // Above this share of pairs to measure, the search over all dimensions is cheaper.
    private const long MostMeasured = 64;

    private readonly FeatureRows _rows;
    private readonly Tensor _mean;
    private readonly Tensor _basis;
    private readonly FeatureRows _projected;

    /// <summary>Prepares the search among the features [M, F].</summary>
    /// <exception cref="LabException">Features are not finite.</exception>
    public NearestDistances(Tensor features)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var statistics = FeatureStatistics.Of(features);
        var kept = Math.Min(Directions, features.shape[1]);
        // Eigenvalues are in ascending order.
        var (_, vectors) = linalg.eigh(statistics.Covariance);
        _rows = new FeatureRows(features, "the training images").Kept();
        _mean = statistics.Mean.DetachFromDisposeScope();
        _basis = vectors.slice(1, features.shape[1] - kept, features.shape[1], 1).contiguous().DetachFromDisposeScope();
        _projected = new FeatureRows(Project(features), "the training images").Kept();
        _projected.Features.DetachFromDisposeScope();
    }

    /// <summary>The distance of each row [N, F] to the nearest row of the set, float64 [N].</summary>
    public Tensor Of(Tensor rows, string what = "the samples")
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = new FeatureRows(rows, what);
        if (all.Dimensions != _rows.Dimensions)
            throw new LabException($"features of {all.Dimensions} dimensions cannot be compared with features of {_rows.Dimensions}");
        var projected = new FeatureRows(Project(rows), what);
        var squared = empty(all.Count, dtype: float64);
        ProductBlocks.Each(projected, _projected, (start, end, products) =>
        {
            // Without the norms of the rows, which do not change the order of the columns.
            var bounds = products.mul_(-2).add_(_projected.SquaredNorms.to(float32));
            var (_, near) = bounds.min(1);
            var numbers = arange(start, end, dtype: int64);
            var nearest = SquaredDistances.Pairs(all, numbers, _rows, near);
            var own = projected.SquaredNorms.slice(0, start, end, 1);
            var limit = nearest - own + SquaredDistances.Error(projected, start, end, _projected, float32);
            var pairs = bounds.le(limit.to(float32).unsqueeze(1)).nonzero();
            squared.slice(0, start, end, 1).copy_(pairs.shape[0] > bounds.numel() / MostMeasured
                ? NearestRows.Of(rows.slice(0, start, end, 1), _rows.Features, 1).Squared.flatten()
                : Least(nearest, pairs, all, start));
        });
        return squared.sqrt().MoveToOuterDisposeScope();
    }

    // The least distance of each row among its pairs [P, 2].
    private Tensor Least(Tensor nearest, Tensor pairs, FeatureRows rows, long start)
    {
        var (row, column) = (pairs.select(1, 0).contiguous(), pairs.select(1, 1).contiguous());
        var measured = SquaredDistances.Pairs(rows, row + start, _rows, column).data<double>().ToArray();
        var (owners, least) = (row.data<long>().ToArray(), nearest.data<double>().ToArray());
        for (var i = 0; i < measured.Length; i++)
            least[owners[i]] = Math.Min(least[owners[i]], measured[i]);
        return tensor(least);
    }

    // float32 [N, directions] relative to the mean of the set.
    private Tensor Project(Tensor features)
    {
        var projected = empty(features.shape[0], _basis.shape[1], dtype: float32);
        foreach (var (start, end) in Blocks.Of(features.shape[0], features.shape[1] * sizeof(double)))
        {
            using var scope = NewDisposeScope();
            projected.slice(0, start, end, 1).copy_((features.slice(0, start, end, 1).to(float64) - _mean).mm(_basis));
        }

        return projected;
    }
}
