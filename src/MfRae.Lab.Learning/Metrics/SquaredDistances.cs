using MfRae.Lab.Core;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Squared distances between rows of features: blocks as ‖x‖² + ‖y‖² - 2 x·y, in float32 or float64 with a bound on the rounding, and
/// single pairs from the differences in float64, with the rounding of a sum of squares.
/// </summary>
internal static class SquaredDistances
{
    private const double SingleUnit = 1.0 / (1L << 24);
    private const double DoubleUnit = 1.0 / (1L << 53);


    public static Tensor FromProducts(Tensor products, FeatureRows rows, long start, long end, FeatureRows others) =>
        products.mul_(-2).add_(others.SquaredNorms.to(products.dtype))
            .add_(rows.SquaredNorms.slice(0, start, end, 1).to(products.dtype).unsqueeze(1));

    /// <summary>Distances of the rows at indices to all others by products in float64, [rows, M].</summary>
    public static Tensor Wide(FeatureRows rows, Tensor indices, FeatureRows others)
    {
        using var scope = NewDisposeScope();
        var some = rows.Features.index_select(0, indices).to(float64);
        var distances = empty(indices.shape[0], others.Count, dtype: float64);
        foreach (var (start, end) in Blocks.Of(others.Count, others.Dimensions * sizeof(double)))
        {
            using var block = NewDisposeScope();
            distances.slice(1, start, end, 1).copy_(some.mm(others.Features.slice(0, start, end, 1).to(float64).t()));
        }
        return distances.mul_(-2).add_(others.SquaredNorms).add_(rows.SquaredNorms.index_select(0, indices).unsqueeze(1))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Distances of row firsts[p] to other seconds[p], float64 [P].</summary>
    public static Tensor Pairs(FeatureRows rows, Tensor firsts, FeatureRows others, Tensor seconds)
    {
        var distances = empty(firsts.shape[0], dtype: float64);
        foreach (var (start, end) in Blocks.Of(firsts.shape[0], rows.Dimensions * sizeof(double)))
        {
            using var scope = NewDisposeScope();
            var difference = rows.Features.index_select(0, firsts.slice(0, start, end, 1)).to(float64)
                .sub_(others.Features.index_select(0, seconds.slice(0, start, end, 1)).to(float64));
            distances.slice(0, start, end, 1).copy_(difference.square().sum([1]));
        }
        return distances;
    }

    /// <summary>
    /// The error bound of a distance by products: F/2 roundings of (‖x‖ + ‖y‖)² for inner products of F terms, and a few for the
    /// conversion, the norms and the sum.
    /// </summary>
    public static double Error(FeatureRows rows, long start, long end, FeatureRows others, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var reach = rows.SquaredNorms.slice(0, start, end, 1).max().sqrt().item<double>() + others.LargestNorm;
        var unit = type == float32 ? SingleUnit : DoubleUnit;
        return unit * ((0.51 * rows.Dimensions) + 16) * reach * reach;
    }
}

/// <summary>Features, in the forms that distances need.</summary>
internal sealed class FeatureRows
{
    /// <summary>Checks the features.</summary>
    /// <param name="features">[N, F] in float32, or in float64, which is kept for decisions that float32 cannot make.</param>
    /// <param name="what">The images in words, for messages.</param>
    /// <exception cref="LabException">Features are not finite, or have no rows.</exception>
    public FeatureRows(Tensor features, string what)
    {
        if (features.dim() != 2 || features.shape[0] == 0)
            throw new LabException($"{what} have no rows of features: their shape is [{string.Join(", ", features.shape)}]");
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var norms = empty(features.shape[0], dtype: float64);
        foreach (var (start, end) in Blocks.Of(features.shape[0], features.shape[1] * sizeof(double)))
        {
            using var block = NewDisposeScope();
            norms.slice(0, start, end, 1).copy_(features.slice(0, start, end, 1).to(float64).square().sum([1]));
        }
        if (!norms.isfinite().all().item<bool>())
            throw new LabException($"{what} have features that are not finite: images or the feature network are damaged");
        Features = features;
        // A separate handle of the same memory, so that the caller's tensor stays in its scope.
        Single = features.dtype == float32 ? features.alias().MoveToOuterDisposeScope() : features.to(float32).MoveToOuterDisposeScope();
        LargestNorm = Math.Sqrt(norms.max().item<double>());
        SquaredNorms = norms.MoveToOuterDisposeScope();
    }

    /// <summary>The same features, detached from their dispose scope.</summary>
    public FeatureRows Kept()
    {
        Single.DetachFromDisposeScope();
        SquaredNorms.DetachFromDisposeScope();
        return this;
    }

    /// <summary>The features in their original type.</summary>
    public Tensor Features { get; }

    /// <summary>The features in float32.</summary>
    public Tensor Single { get; }

    /// <summary>The squared norm of each row, float64 [N].</summary>
    public Tensor SquaredNorms { get; }

    public double LargestNorm { get; }

    public long Count => Features.shape[0];

    public long Dimensions => Features.shape[1];
}

/// <summary>
/// Visits all products x·y of rows with others. It multiplies large blocks, so that the others are read once a block, and passes on
/// small parts of them, which stay in a cache. All blocks share one buffer, because the C library does not return the gaps that large
/// short-lived results leave in the heap.
/// </summary>
internal static class ProductBlocks
{
    private const long BlockBytes = 32L << 20;
    private const long PartBytes = 4L << 20;

    /// <param name="visit">Receives the rows from start to end and their products float32 [end - start, M], which it may overwrite.</param>
    public static void Each(FeatureRows rows, FeatureRows others, Action<long, long, Tensor> visit)
    {
        using var scope = NewDisposeScope();
        var rowBytes = others.Count * sizeof(float);
        var block = Math.Clamp(BlockBytes / rowBytes, 1, rows.Count);
        var part = Math.Clamp(PartBytes / rowBytes, 1, block);
        var buffer = empty(block, others.Count, dtype: float32);
        var transposed = others.Single.t();
        for (long start = 0; start < rows.Count; start += block)
        {
            using var multiplied = NewDisposeScope();
            var end = Math.Min(rows.Count, start + block);
            var products = buffer.slice(0, 0, end - start, 1).addmm_(rows.Single.slice(0, start, end, 1), transposed, 0, 1);
            for (var first = start; first < end; first += part)
            {
                using var each = NewDisposeScope();
                var last = Math.Min(end, first + part);
                visit(first, last, products.slice(0, first - start, last - start, 1));
            }
            NativeHeap.Trim();
        }
    }
}
