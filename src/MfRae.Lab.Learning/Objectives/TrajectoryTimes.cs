using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>The times of the points of a trajectory, from noise to data (docs/method.md §4, A and F).</summary>
/// <param name="Grid">Those at which it is computed.</param>
/// <param name="Labels">Those that its points are said to be of.</param>
public sealed record TrajectoryTimes(IReadOnlyList<double> Grid, IReadOnlyList<double> Labels)
{
    public static TrajectoryTimes Of(TrajectoryCmtOptions options, TimeShift shift)
    {
        var steps = options.TrajectoryPoints - 1;
        var grid = shift.Grid(steps, options.GridEnd);
        return new(grid, options.Labels == "uniform" ? new TimeShift(1).Grid(steps) : grid);
    }
}
