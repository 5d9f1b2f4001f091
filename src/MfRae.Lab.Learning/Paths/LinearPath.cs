using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>z_t = (1 - t) x + t ε: t = 1 is noise, t = 0 data (docs/method.md §1).</summary>
public static class LinearPath
{
    /// <summary>x, noise [B, C, H, W], t [B] → z_t.</summary>
    public static Tensor At(Tensor x, Tensor noise, Tensor t) => lerp(x, noise, BroadcastOverLatent(t));

    /// <summary>The one-point velocity v̂ = ε - x.</summary>
    public static Tensor Velocity(Tensor x, Tensor noise) => noise - x;

    /// <summary>[B] → [B, 1, 1, 1], for products with latents.</summary>
    public static Tensor BroadcastOverLatent(Tensor perSample) => perSample.view(-1, 1, 1, 1);
}

/// <summary>The steps from one time of a grid to the next (docs/method.md §1).</summary>
public static class PathSteps
{
    /// <summary>z - (t - r) v(z, t): first order, one evaluation.</summary>
    public static PathStep Euler(VelocityField v) => (z, y, t, next) => z - ((t - next) * v(z, Times(z, t), y));

    /// <summary>Euler with the mean of the velocities at both ends of the Euler step: second order, two evaluations.</summary>
    public static PathStep Heun(VelocityField v) => (z, y, t, next) =>
    {
        var before = v(z, Times(z, t), y);
        var after = v(z - ((t - next) * before), Times(z, next), y);
        return z - ((t - next) / 2 * (before + after));
    };

    /// <summary>z - (t - r) u(z, r, t): exact for the true average velocity, one evaluation.</summary>
    public static PathStep MeanFlow(AverageVelocityField u) => (z, y, t, next) => z - ((t - next) * u(z, Times(z, next), Times(z, t), y));

    private static Tensor Times(Tensor z, double t) => full([z.shape[0]], t, dtype: z.dtype, device: z.device);
}

/// <summary>Takes z [B, C, H, W] with labels y [B] from the time <paramref name="t"/> back to the time <paramref name="next"/>.</summary>
public delegate Tensor PathStep(Tensor z, Tensor y, double t, double next);
