using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Paths;

/// <summary>z_t = (1 - t) x + t ε: t = 1 is noise, t = 0 data (docs/method.md §1).</summary>
public static class LinearPath
{
    /// <summary>x, noise [B, C, H, W], t [B] → z_t.</summary>
    public static Tensor At(Tensor x, Tensor noise, Tensor t) => lerp(x, noise, Spread(t));

    /// <summary>The one-point velocity v̂ = ε - x.</summary>
    public static Tensor Velocity(Tensor x, Tensor noise) => noise - x;

    /// <summary>[B] → [B, 1, 1, 1], to multiply latents by.</summary>
    public static Tensor Spread(Tensor perSample) => perSample.view(-1, 1, 1, 1);
}
