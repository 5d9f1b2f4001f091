using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// Consistency mid-training (docs/method.md §2): u(z_ti, tj, ti) → (z_ti - z_tj) / (ti - tj) on pairs of points of Euler
/// trajectories of the teacher from the prior. Points are counted from noise to data.
/// </summary>
public sealed class CmtObjective(
    TrajectoryCmtOptions options, GeneratorNetwork network, VelocityField teacher, ILatentSource source) : IObjective
{
    private readonly PathStep _step = PathSteps.Euler(Guidance.Apply(options.Guidance, teacher, source.Classes));
    private readonly TrajectoryTimes _times = TrajectoryTimes.Of(options, TimeShift.For(source.Shape));

    private int Trajectories => Math.Max(1, options.Training.BatchSize / options.PairsPerTrajectory);

    /// <inheritdoc/>
    public ObjectiveValue Evaluate(Weights weights, long step) => Divide(weights, step, Trajectories).Evaluate();

    /// <inheritdoc/>
    /// <remarks>The samples are pairs, so a single trajectory can be divided too.</remarks>
    public DividedBatch Divide(Weights weights, long step, long samples)
    {
        var random = source.Random;
        // Label dropout is drawn once for the whole trajectory: the student sees the same label as the teacher.
        var y = source.Drop(
            random.Integers("trajectory labels", step, source.Classes, Trajectories), options.LabelDropout, "label dropout", step);
        var points = Trajectory(source.Noise(step, Trajectories).to(weights.Type), y, samples);

        // An ordered pair of distinct points: the larger index is nearer to the data.
        var count = Trajectories * options.PairsPerTrajectory;
        var early = random.Integers("first point", step, options.TrajectoryPoints, count);
        var other = random.Integers("second point", step, options.TrajectoryPoints - 1, count);
        other = other + (other >= early).to(int64);
        var rows = arange(Trajectories, device: source.Device).repeat_interleave(options.PairsPerTrajectory);
        return new(count, part => Evaluate(weights, TrajectoryPairs.Of(
            points, y, _times.Labels, part.Of(minimum(early, other)), part.Of(maximum(early, other)), part.Of(rows))));
    }

    /// <summary>The loss of given pairs.</summary>
    public ObjectiveValue Evaluate(Weights weights, TrajectoryPairs pairs) => new(Regress(weights, pairs).Difference.square().mean());

    /// <summary>The slope that the network predicts, and the slope of the trajectory.</summary>
    public Regression Regress(Weights weights, TrajectoryPairs pairs) =>
        new(network.AverageVelocity(weights, pairs.Z, pairs.R, pairs.T, pairs.Y), pairs.Slope);

    /// <summary>The points of trajectories, [points, B, C, H, W], from noise to data.</summary>
    /// <param name="most">The most trajectories that the teacher evaluates at once.</param>
    private Tensor Trajectory(Tensor z, Tensor y, long most)
    {
        using var quiet = no_grad();
        if (z.shape[0] > most)
            return cat([.. z.split(most).Zip(y.split(most), (some, labels) => Trajectory(some, labels, most))], 1);
        var points = new List<Tensor> { z };
        for (var i = 1; i < _times.Grid.Count; i++)
        {
            z = _step(z, y, _times.Grid[i - 1], _times.Grid[i]);
            points.Add(z);
        }
        return stack(points);
    }
}

/// <summary>The times of the points of a trajectory, from noise to data (docs/method.md §4, A and F).</summary>
/// <param name="Grid">The times at which the trajectory is computed.</param>
/// <param name="Labels">The times that label its points.</param>
public sealed record TrajectoryTimes(IReadOnlyList<double> Grid, IReadOnlyList<double> Labels)
{
    /// <summary>The times that the options describe, with the time shift of the latents.</summary>
    public static TrajectoryTimes Of(TrajectoryCmtOptions options, TimeShift shift)
    {
        var steps = options.TrajectoryPoints - 1;
        var grid = shift.Grid(steps, options.GridEnd);
        return new(grid, options.Labels == "uniform" ? new TimeShift(1).Grid(steps) : grid);
    }
}

/// <summary>Pairs of points of trajectories: the inputs and the targets of CMT (docs/method.md §2).</summary>
/// <param name="Z">The earlier point of each pair, [n, C, H, W].</param>
/// <param name="R">The time that labels the later point, [n].</param>
/// <param name="T">The time that labels the earlier point, [n].</param>
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
    /// <param name="labels">The time that labels each point, in descending order.</param>
    public static TrajectoryPairs Of(Tensor points, Tensor y, IReadOnlyList<double> labels, Tensor start, Tensor end, Tensor rows)
    {
        var times = tensor(labels.ToArray(), dtype: points.dtype).Upload(points.device);
        var (zt, zr) = (points.index([start, rows]), points.index([end, rows]));
        var (t, r) = (times.index_select(0, start), times.index_select(0, end));
        return new(zt, r, t, y.index_select(0, rows), (zt - zr) / LinearPath.BroadcastOverLatent(t - r));
    }
}
