using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>Pairs of points of trajectories: what CMT asks of a network, and the answer (docs/method.md §2).</summary>
/// <param name="Z">The earlier point of each pair, [n, C, H, W].</param>
/// <param name="R">The label of the later one, [n].</param>
/// <param name="T">The label of the earlier one, [n].</param>
/// <param name="Y">int64 [n].</param>
/// <param name="Slope">(z_t - z_r) / (t - r), [n, C, H, W].</param>
public sealed record TrajectoryPairs(Tensor Z, Tensor R, Tensor T, Tensor Y, Tensor Slope)
{
    /// <summary>
    /// The pairs of the points <paramref name="start"/> and <paramref name="end"/> of the trajectories <paramref name="rows"/>:
    /// each int64 [n].
    /// </summary>
    /// <param name="points">[points, B, C, H, W], from noise to data.</param>
    /// <param name="y">int64 [B].</param>
    /// <param name="labels">The time that each point is said to be of, falling.</param>
    public static TrajectoryPairs Of(Tensor points, Tensor y, IReadOnlyList<double> labels, Tensor start, Tensor end, Tensor rows)
    {
        var times = tensor(labels.ToArray(), dtype: points.dtype, device: points.device);
        var (zt, zr) = (points.index([start, rows]), points.index([end, rows]));
        var (t, r) = (times.index_select(0, start), times.index_select(0, end));
        return new(zt, r, t, y.index_select(0, rows), (zt - zr) / LinearPath.Spread(t - r));
    }
}
