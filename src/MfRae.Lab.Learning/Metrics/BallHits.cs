using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Which of a block's points lie in which balls, border included. float32 decides what its rounding cannot turn; the few pairs
/// near a border are decided by exact distances, and where they are many, float64 decides most of them first.
/// </summary>
/// <param name="rows">The points are rows of these from start to end, the others the columns.</param>
/// <param name="single">Their squared distances in float32 [rows, M].</param>
internal sealed class BallHits(FeatureRows rows, long start, long end, FeatureRows others, Tensor single)
{
    // From this share of undecided pairs on, products in float64 are cheaper than differences.
    private const long Undecided = 256;

    private readonly double _error = SquaredDistances.Error(rows, start, end, others, float32);
    private Tensor? _wide;

    /// <summary>Where distances are at most the squared radii, bool [rows, M].</summary>
    /// <param name="squaredRadii">float64 [M] about the columns, or [rows, 1] about the rows.</param>
    public Tensor Inside(Tensor squaredRadii)
    {
        var (inside, undecided) = Decide(single, squaredRadii, _error);
        if (undecided.shape[0] > single.numel() / Undecided)
        {
            _wide ??= SquaredDistances.Wide(rows, arange(start, end, dtype: int64), others);
            (inside, undecided) = Decide(_wide, squaredRadii, SquaredDistances.Error(rows, start, end, others, float64));
        }
        if (undecided.shape[0] == 0)
            return inside;
        var (row, column) = (undecided.select(1, 0), undecided.select(1, 1));
        var exact = SquaredDistances.Pairs(rows, row + start, others, column);
        var radii = squaredRadii.dim() == 1 ? squaredRadii.index_select(0, column) : squaredRadii.flatten().index_select(0, row);
        return inside.index_put_(exact.le(radii), row, column);
    }

    // What is inside for certain, and the pairs [P, 2] that may be.
    private static (Tensor Inside, Tensor Undecided) Decide(Tensor distances, Tensor squaredRadii, double error)
    {
        var inside = distances.le((squaredRadii - error).to(distances.dtype));
        var possible = distances.le((squaredRadii + error).to(distances.dtype));
        return (inside, possible.logical_xor_(inside).nonzero());
    }
}
