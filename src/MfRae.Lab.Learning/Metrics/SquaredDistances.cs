using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Squared distances between rows of features: many at a time as ‖x‖² + ‖y‖² - 2 x·y, in float32 or float64 with a bound on the
/// rounding, and single ones from the differences in float64, whose rounding is that of a sum of squares.
/// </summary>
internal static class SquaredDistances
{
    private const double SingleUnit = 1.0 / (1L << 24);
    private const double DoubleUnit = 1.0 / (1L << 53);

    /// <summary>The distances that belong to products x·y of rows from start to end with all others, which are overwritten.</summary>
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
    /// How far a distance by products may be from the truth: for inner products of F terms F/2 roundings of (‖x‖ + ‖y‖)², and a few
    /// for the conversion, the norms and the sum.
    /// </summary>
    public static double Error(FeatureRows rows, long start, long end, FeatureRows others, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var reach = rows.SquaredNorms.slice(0, start, end, 1).max().sqrt().item<double>() + others.LargestNorm;
        var unit = type == float32 ? SingleUnit : DoubleUnit;
        return unit * ((0.51 * rows.Dimensions) + 16) * reach * reach;
    }
}
