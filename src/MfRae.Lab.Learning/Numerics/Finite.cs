using MfRae.Lab.Core.Execution;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// Checks for NaN and infinite values where tensors become images, latents, features or weights. A cast to bytes turns NaN into
/// black pixels and an infinite value into white ones, so these must be found before the cast.
/// </summary>
internal static class Finite
{
    /// <summary>
    /// Whether all values are finite. Uses the extremes, which are NaN where a value is; a mask would need as much memory as the values.
    /// </summary>
    public static bool Holds(Tensor values)
    {
        if (!values.is_floating_point() || values.numel() == 0)
            return true;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return double.IsFinite(values.min().to(float64).item<double>()) && double.IsFinite(values.max().to(float64).item<double>());
    }

    /// <summary>Returns the values if all are finite. Reads two numbers back from the device.</summary>
    /// <param name="what">Names the values in the message, in the plural: "the sampled latents".</param>
    /// <exception cref="DivergedException">A value is NaN or infinite.</exception>
    public static Tensor Require(Tensor values, string what) => Holds(values) ? values : throw DivergedException.NotFinite(what);
}
