using MfRae.Lab.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// The rounding of the operands of a matrix product (docs/method.md §3). Products are summed at full precision, as in hardware with
/// narrow operands. Rounding is to the nearest value, ties to even.
/// </summary>
public sealed class Precision
{
    // Veltkamp's constant 2^s + 1, which leaves 24 - s bits, the leading one included.
    private const double Tf32Splitter = (1 << 13) + 1;

    private readonly Func<Tensor, Tensor>? _round;

    private Precision(Func<Tensor, Tensor>? round) => _round = round;

    /// <summary>No rounding, for any type.</summary>
    public static Precision Full { get; } = new(null);

    /// <summary>10 mantissa bits and the range of float32; numbers beyond 2^114 become NaN.</summary>
    public static Precision Tf32 { get; } = new(Split);

    /// <summary>7 mantissa bits and the range of float32.</summary>
    public static Precision BFloat16 { get; } = new(x => x.to(bfloat16).to_type(float32));

    /// <summary>The rounding of a name in the options.</summary>
    public static Precision Of(string name) => name switch
    {
        "float32" or "float64" => Full,
        "tf32" => Tf32,
        "bfloat16" => BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown precision"),
    };

    /// <summary>
    /// The rounding for training. A CUDA device supports TF32 and uses it in all products and convolutions of this process, also in the
    /// backward pass; on other devices the operands of the forward pass are rounded.
    /// </summary>
    public static Precision ForTraining(string name, Device device)
    {
        if (device.type != DeviceType.CUDA)
            return Of(name);
        ComputeDevice.AllowTf32(name == "tf32");
        return Full;
    }

    /// <summary>float32 of any shape, rounded; at full precision <paramref name="x"/> itself. A gradient passes unchanged.</summary>
    public Tensor Round(Tensor x)
    {
        if (_round is null)
            return x;
        var rounded = _round(x.detach());
        // The difference and the sum are exact: the result is the rounded value with the graph of the unrounded one.
        return is_grad_enabled() && x.requires_grad ? x + (rounded - x.detach()) : rounded;
    }

    private static Tensor Split(Tensor x)
    {
        var scaled = x * Tf32Splitter;
        using var rest = scaled - x;
        return scaled.sub_(rest);
    }
}

/// <summary>
/// Checks for NaN and infinite values where tensors become images, latents, features or weights. A cast to bytes turns NaN into
/// black pixels and an infinite value into white ones, so these must be found before the cast.
/// </summary>
internal static class Finite
{
    /// <summary>
    /// Whether all values are finite. Uses the extremes, which are NaN where a value is; a mask would need as much memory as the values.
    /// </summary>
    public static bool IsFinite(Tensor values)
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
    public static Tensor Require(Tensor values, string what) => IsFinite(values) ? values : throw DivergedException.NotFinite(what);
}
