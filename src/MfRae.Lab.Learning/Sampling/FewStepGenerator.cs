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
/// Takes noise to latents on the shifted grid (docs/method.md §1): a velocity by the steps of an ODE solver, an average
/// velocity by z_r = z_t - (t - r) u(z_t, r, t, y).
/// </summary>
public sealed class FewStepGenerator
{
    private readonly PathStep _step;
    private readonly TimeShift _shift;
    private readonly double _gridEnd;

    private FewStepGenerator(PathStep step, int evaluationsPerStep, TimeShift shift, double gridEnd)
    {
        _step = step;
        EvaluationsPerStep = evaluationsPerStep;
        _shift = shift;
        _gridEnd = gridEnd;
    }

    /// <summary>How often a step evaluates the velocity; one with guidance counts once.</summary>
    public int EvaluationsPerStep { get; }

    /// <summary>A generator by a velocity: solver euler or heun, on a grid that ends at a time before the shift.</summary>
    public static FewStepGenerator Solver(string solver, VelocityField velocity, TimeShift shift, double gridEnd = 0) => solver switch
    {
        "euler" => new(PathSteps.Euler(Scoped(velocity)), EvaluationsOf(solver), shift, gridEnd),
        "heun" => new(PathSteps.Heun(Scoped(velocity)), EvaluationsOf(solver), shift, gridEnd),
        _ => throw Unknown(solver),
    };

    /// <summary>How often a step of a solver evaluates the velocity.</summary>
    public static int EvaluationsOf(string solver) => solver switch
    {
        "euler" => 1,
        "heun" => 2,
        _ => throw Unknown(solver),
    };

    /// <summary>A generator by an average velocity.</summary>
    public static FewStepGenerator MeanFlow(AverageVelocityField average, TimeShift shift) =>
        new(PathSteps.MeanFlow(Scoped(average)), 1, shift, 0);

    /// <summary>noise [B, C, H, W], y int64 [B] → normalised latents. Call it inside a dispose scope, without gradient.</summary>
    /// <exception cref="DivergedException">A latent is NaN or infinite.</exception>
    public Tensor Sample(Tensor noise, Tensor y, int steps) => Finite.Require(
        Along(_shift.Grid(steps, _gridEnd), noise, y),
        string.Create(CultureInfo.InvariantCulture, $"the latents sampled in {steps} step{(steps == 1 ? "" : "s")}"));

    /// <summary>The same along given times, from noise to data.</summary>
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

    private static NotSupportedException Unknown(string solver) => new($"there is no solver {solver}");

    // What a network leaves behind in one evaluation is hundreds of megabytes: it must not wait for the last step, nor for the
    // second evaluation of the same step.
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

/// <summary>What one drawn image costs, read off the declarations of the networks.</summary>
/// <param name="Evaluations">Of the network, as the samples are named by; one with guidance counts once here.</param>
/// <param name="Evaluation">Multiply-adds of one of them: with guidance those of two passes, one with the label and one without.</param>
/// <param name="Decode">Multiply-adds of decoding the image.</param>
public sealed record SamplingCost(int Evaluations, MultiplyAdds Evaluation, MultiplyAdds Decode)
{
    private const double Giga = 1e9;

    /// <summary>Of all evaluations.</summary>
    public MultiplyAdds Generate => Evaluations * Evaluation;

    /// <summary>The multiply-adds of one image, decoding included.</summary>
    public MultiplyAdds Image => Generate + Decode;

    /// <param name="guidance">Of a velocity; an average velocity is sampled without.</param>
    public static SamplingCost Of(DitNetwork network, IDecoder decoder, int steps, string solver, GuidanceOptions? guidance)
    {
        var forward = NetworkCost.Of(network.Declare()).Forward;
        var decode = NetworkCost.Of(decoder.Declare()).Forward;
        // Guidance evaluates both at every time, inside its interval and outside.
        return network.Interval
            ? new(steps, forward, decode)
            : new(steps * FewStepGenerator.EvaluationsOf(solver), (guidance is null ? 1 : 2) * forward, decode);
    }

    /// <summary>GFLOPs as papers count them (docs/method.md §7): 10⁹ multiply-adds of layers with weights.</summary>
    public static double Gflops(MultiplyAdds products) => products.Linear / Giga;
}
