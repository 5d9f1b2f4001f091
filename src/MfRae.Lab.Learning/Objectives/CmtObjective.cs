using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Consistency mid-training (docs/method.md §2): u(z_ti, tj, ti) → (z_ti - z_tj) / (ti - tj) on pairs of points of Euler
/// trajectories of the teacher from the prior. Labels and denominators are the shifted times that the trajectory visits.
/// </summary>
public sealed class CmtObjective(
    TrajectoryCmtOptions options, DitNetwork network, VelocityField teacher, ILatentSource source) : IObjective
{
    private readonly double[] _grid = TimeShift.For(source.Shape).Grid(options.TrajectoryPoints - 1);

    private int Trajectories => Math.Max(1, options.Training.BatchSize / options.PairsPerTrajectory);

    public ObjectiveValue Evaluate(Weights weights, long step)
    {
        var random = source.Random;
        // Dropped once for the whole trajectory: the student sees the label that the teacher saw.
        var y = source.Drop(
            random.Integers("trajectory labels", step, source.Classes, Trajectories), options.LabelDropout, "label dropout", step);
        var points = Trajectory(source.Noise(step, Trajectories), y);

        // An ordered pair of distinct points: the later index is nearer to the data.
        var count = Trajectories * options.PairsPerTrajectory;
        var early = random.Integers("first point", step, options.TrajectoryPoints, count);
        var other = random.Integers("second point", step, options.TrajectoryPoints - 1, count);
        other = other + (other >= early).to(int64);
        var (start, end) = (minimum(early, other), maximum(early, other));

        var rows = arange(Trajectories, device: source.Device).repeat_interleave(options.PairsPerTrajectory);
        var times = tensor(_grid, dtype: float32, device: source.Device);
        var (zt, zr) = (points.index([start, rows]), points.index([end, rows]));
        var (t, r) = (times.index_select(0, start), times.index_select(0, end));
        var labels = y.index_select(0, rows);
        var target = (zt - zr) / LinearPath.Spread(t - r);
        return new((network.AverageVelocity(weights, zt, r, t, labels) - target).square().mean());
    }

    /// <summary>[points, trajectories, C, H, W], from noise to data.</summary>
    private Tensor Trajectory(Tensor z, Tensor y)
    {
        using var quiet = no_grad();
        var points = new List<Tensor> { z };
        for (var i = 1; i < _grid.Length; i++)
        {
            var t = full([z.shape[0]], _grid[i - 1], dtype: float32, device: z.device);
            z = z - ((_grid[i - 1] - _grid[i]) * teacher(z, t, y));
            points.Add(z);
        }
        return stack(points);
    }
}
