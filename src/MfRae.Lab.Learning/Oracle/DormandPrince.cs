using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>
/// The adaptive Runge–Kutta pair of orders 5 and 4 of Dormand and Prince (J. Comput. Appl. Math. 6, 1980), the solver for flows without
/// a closed form. The whole batch takes the steps that its most demanding row needs.
/// </summary>
public static class DormandPrince
{
    private const int MostSteps = 1_000_000;

    private static readonly double[] Nodes = [0, 1 / 5.0, 3 / 10.0, 4 / 5.0, 8 / 9.0, 1, 1];

    private static readonly double[][] Stages =
    [
        [],
        [1 / 5.0],
        [3 / 40.0, 9 / 40.0],
        [44 / 45.0, -56 / 15.0, 32 / 9.0],
        [19372 / 6561.0, -25360 / 2187.0, 64448 / 6561.0, -212 / 729.0],
        [9017 / 3168.0, -355 / 33.0, 46732 / 5247.0, 49 / 176.0, -5103 / 18656.0],
        [35 / 384.0, 0, 500 / 1113.0, 125 / 192.0, -2187 / 6784.0, 11 / 84.0],
    ];

    // Fifth order minus fourth.
    private static readonly double[] Errors =
        [71 / 57600.0, 0, -71 / 16695.0, 71 / 1920.0, -17253 / 339200.0, 22 / 525.0, -1 / 40.0];

    /// <summary>y(1) of dy/ds = slope(y, s) from y(0) = <paramref name="start"/> [B, n]; a dispose scope per step.</summary>
    /// <param name="tolerance">The tolerance of the error of a step, relative to 1 + |y|, in every component of y.</param>
    public static Tensor Solve(Func<Tensor, double, Tensor> slope, Tensor start, double tolerance)
    {
        using var quiet = no_grad();
        var (y, first) = (start.clone(), slope(start, 0));
        var (s, step) = (0.0, 0.01);
        for (var count = 0; s < 1; count++)
        {
            if (count == MostSteps)
                throw new ArithmeticException($"the flow needs more than {MostSteps} steps at a tolerance of {tolerance}: it stops at {s}");
            using var scope = NewDisposeScope();
            step = Math.Min(step, 1 - s);
            var slopes = new List<Tensor> { first };
            var next = y;
            for (var i = 1; i < Stages.Length; i++)
            {
                next = y + (step * Combine(Stages[i], slopes));
                slopes.Add(slope(next, s + (Nodes[i] * step)));
            }
            var scale = 1 + maximum(y.abs(), next.abs());
            var error = (step * Combine(Errors, slopes) / scale).abs().max().item<double>() / tolerance;
            if (error <= 1)
            {
                // The last stage is evaluated at the new point, so it is the first stage of the next step.
                s = step >= 1 - s ? 1 : s + step;
                (y, first) = (Keep(y, next), Keep(first, slopes[^1]));
            }
            step *= Math.Clamp(0.9 * Math.Pow(Math.Max(error, 1e-10), -0.2), 0.2, 5);
        }
        first.Dispose();
        return y;
    }

    private static Tensor Combine(double[] weights, List<Tensor> slopes) => weights
        .Zip(slopes)
        .Where(pair => pair.First != 0)
        .Select(pair => pair.First * pair.Second)
        .Aggregate((sum, term) => sum + term);

    private static Tensor Keep(Tensor old, Tensor value)
    {
        old.Dispose();
        return value.MoveToOuterDisposeScope();
    }
}
