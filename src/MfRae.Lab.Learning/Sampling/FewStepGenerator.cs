using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Sampling;

/// <summary>
/// Takes noise to latents on the shifted grid (docs/method.md §1): a velocity network by Euler steps, a mean-flow network by
/// z_r = z_t - (t - r) u(z_t, r, t, y). In both cases a step costs one network evaluation.
/// </summary>
public sealed class FewStepGenerator(DitNetwork network, Weights weights)
{
    private readonly TimeShift _shift = TimeShift.For(network.Shape);

    public DitNetwork Network { get; } = network;

    /// <summary>noise [B, C, H, W], y int64 [B] → normalised latents. Call it inside a dispose scope, without gradient.</summary>
    public Tensor Sample(Tensor noise, Tensor y, int steps)
    {
        var grid = _shift.Grid(steps);
        var z = noise;
        for (var i = 0; i < steps; i++)
        {
            // What a network leaves behind in one evaluation is hundreds of megabytes: it must not wait for the last step.
            using var evaluation = NewDisposeScope();
            var t = full([z.shape[0]], grid[i], dtype: float32, device: z.device);
            var r = full([z.shape[0]], grid[i + 1], dtype: float32, device: z.device);
            var velocity = Network.Interval ? Network.AverageVelocity(weights, z, r, t, y) : Network.Velocity(weights, z, t, y);
            var next = (z - ((grid[i] - grid[i + 1]) * velocity)).MoveToOuterDisposeScope();
            if (i > 0)
                z.Dispose();
            z = next;
        }
        return z;
    }
}
