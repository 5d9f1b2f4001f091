using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Paths;

[Scoped]
public sealed class PathStepsTests
{
    private static readonly Tensor Start = tensor(new[] { 2.0 }, [1, 1, 1, 1]).DetachFromDisposeScope();
    private static readonly Tensor Label = zeros(1, dtype: int64).DetachFromDisposeScope();

    // dz/dt = z has the solution z_1 e^(t - 1).
    private static Tensor Exponential(Tensor z, Tensor t, Tensor y) => z;

    [Fact]
    public void Euler_is_of_first_order_and_Heun_of_second()
    {
        (Error(PathSteps.Euler(Exponential), 20) / Error(PathSteps.Euler(Exponential), 40)).Should().BeApproximately(2, 0.1);
        (Error(PathSteps.Heun(Exponential), 20) / Error(PathSteps.Heun(Exponential), 40)).Should().BeApproximately(4, 0.2);
    }

    [Fact]
    public void Heun_sees_the_times_of_both_ends()
    {
        // dz/dt = 2t is integrated exactly by the trapezoid.
        var step = PathSteps.Heun((z, t, y) => LinearPath.BroadcastOverLatent(2 * t) + zeros_like(z));
        step(Start, Label, 0.9, 0.4).item<double>().Should().BeApproximately(2 - (0.81 - 0.16), 1e-14);
    }

    [Fact]
    public void A_true_average_velocity_is_exact_in_any_number_of_steps()
    {
        var step = PathSteps.MeanFlow((z, r, t, y) => z * LinearPath.BroadcastOverLatent((1 - (r - t).exp()) / (t - r)));
        foreach (var steps in new[] { 1, 2, 5 })
            Error(step, steps).Should().BeLessThan(1e-14);
    }

    private static double Error(PathStep step, int steps)
    {
        var grid = new TimeShift(3).Grid(steps);
        var z = Start;
        for (var i = 1; i < grid.Length; i++)
            z = step(z, Label, grid[i - 1], grid[i]);
        return Math.Abs(z.item<double>() - (2 * Math.Exp(-1)));
    }
}
