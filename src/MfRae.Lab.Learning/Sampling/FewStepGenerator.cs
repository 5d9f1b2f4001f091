using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Sampling;

/// <summary>
/// Generates latents from noise on a grid of times (docs/method.md §1): with a velocity by the steps of an ODE solver, with an average
/// velocity by z_r = z_t - (t - r) u(z_t, r, t, y).
/// </summary>
public sealed class FewStepGenerator
{
    private readonly PathStep _step;
    private readonly Func<int, double[]> _grid;

    /// <param name="grid">The times of a number of steps.</param>
    private FewStepGenerator(PathStep step, int evaluationsPerStep, Func<int, double[]> grid)
    {
        _step = step;
        EvaluationsPerStep = evaluationsPerStep;
        _grid = grid;
    }

    /// <summary>Evaluations of the velocity in a step; an evaluation with guidance counts once.</summary>
    public int EvaluationsPerStep { get; }

    /// <summary>A generator for a velocity: solver euler or heun, on a grid that ends at a time before the shift.</summary>
    public static FewStepGenerator Solver(string solver, VelocityField velocity, TimeShift shift, double gridEnd = 0) => solver switch
    {
        "euler" => new(PathSteps.Euler(Scoped(velocity)), EvaluationsOf(solver), steps => shift.Grid(steps, gridEnd)),
        "heun" => new(PathSteps.Heun(Scoped(velocity)), EvaluationsOf(solver), steps => shift.Grid(steps, gridEnd)),
        _ => throw Unknown(solver),
    };

    /// <summary>Evaluations of the velocity in a step of a solver.</summary>
    public static int EvaluationsOf(string solver) => solver switch
    {
        "euler" => 1,
        "heun" => 2,
        _ => throw Unknown(solver),
    };

    /// <summary>A generator for an average velocity.</summary>
    /// <param name="grid">The times between the steps; null: shifted.</param>
    public static FewStepGenerator MeanFlow(AverageVelocityField average, TimeShift shift, SamplingGridOptions? grid = null) =>
        new(PathSteps.MeanFlow(Scoped(average)), 1, steps => Times(grid, shift, steps));

    /// <summary>noise [B, C, H, W], y int64 [B] → normalised latents. Call it inside a dispose scope, without gradient.</summary>
    /// <exception cref="DivergedException">A latent is NaN or infinite.</exception>
    public Tensor Sample(Tensor noise, Tensor y, int steps) => Finite.Require(
        Along(_grid(steps), noise, y),
        string.Create(CultureInfo.InvariantCulture, $"the latents sampled in {steps} step{(steps == 1 ? "" : "s")}"));

    /// <summary>Latents along given times, from noise to data.</summary>
    public Tensor Along(IReadOnlyList<double> grid, Tensor noise, Tensor y)
    {
        var z = noise;
        for (var i = 1; i < grid.Count; i++)
        {
            using var scope = NewDisposeScope();
            var next = _step(z, y, grid[i - 1], grid[i]).MoveToOuterDisposeScope();
            if (i > 1)
                z.Dispose();
            z = next;
        }
        return z;
    }

    // A single step has no time in between.
    private static double[] Times(SamplingGridOptions? grid, TimeShift shift, int steps) => steps == 1 ? [1, 0] : grid switch
    {
        null or ShiftedGridOptions => shift.Grid(steps),
        UniformGridOptions => new TimeShift(1).Grid(steps),
        TimesGridOptions written => [.. written.Times.Single(times => times.Count == steps + 1)],
        _ => throw new NotSupportedException($"{grid.GetType().Name} has no times"),
    };

    private static NotSupportedException Unknown(string solver) => new($"unknown solver {solver}");

    // The intermediate values of one evaluation take hundreds of megabytes: they are freed before the next evaluation, not at the end of
    // the step or of the grid.
    private static VelocityField Scoped(VelocityField field) => (z, t, y) =>
    {
        using var evaluation = NewDisposeScope();
        return field(z, t, y).MoveToOuterDisposeScope();
    };

    private static AverageVelocityField Scoped(AverageVelocityField field) => (z, r, t, y) =>
    {
        using var evaluation = NewDisposeScope();
        return field(z, r, t, y).MoveToOuterDisposeScope();
    };
}

/// <summary>The cost of one generated image, from the declarations of the networks.</summary>
/// <param name="Evaluations">Evaluations of the network, as in the names of the samples; an evaluation with guidance counts once.</param>
/// <param name="Evaluation">Multiply-adds of one evaluation: with guidance two passes, one with the label and one without.</param>
/// <param name="Decode">Multiply-adds of decoding the image.</param>
public sealed record SamplingCost(int Evaluations, MultiplyAdds Evaluation, MultiplyAdds Decode)
{
    private const double Giga = 1e9;

    /// <summary>The multiply-adds of all evaluations.</summary>
    public MultiplyAdds Generate => Evaluations * Evaluation;

    /// <summary>The multiply-adds of one image, decoding included.</summary>
    public MultiplyAdds Image => Generate + Decode;

    /// <summary>The cost of an image.</summary>
    /// <param name="guidance">Guidance of a velocity; an average velocity is sampled without guidance.</param>
    public static SamplingCost Of(GeneratorNetwork network, IDecoder decoder, int steps, string solver, GuidanceOptions? guidance)
    {
        var forward = NetworkCost.Of(network.Declare()).Forward;
        var decode = NetworkCost.Of(decoder.Declare()).Forward;
        // Guidance evaluates both velocities at every time, inside its interval and outside.
        return network.Interval
            ? new(steps, forward, decode)
            : new(steps * FewStepGenerator.EvaluationsOf(solver), (guidance is null ? 1 : 2) * forward, decode);
    }

    /// <summary>GFLOPs in the convention of papers (docs/method.md §7): 10⁹ multiply-adds of layers with weights.</summary>
    public static double Gflops(MultiplyAdds products) => products.Linear / Giga;
}
