using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// The arithmetic of matrix products (docs/method.md §3). Rounding is to the nearest value, ties to even. Products of rounded operands are
/// summed at full precision, as in hardware with narrow operands.
/// </summary>
public sealed class Precision
{
    // On a CPU, the products of shorter sequences are as fast without the fused kernel, and their numbers are those of earlier versions.
    private const long TokensToFuse = 256;

    // Veltkamp's constant 2^s + 1, which leaves 24 - s bits, the leading one included.
    private const double Tf32Splitter = (1 << 13) + 1;

    private readonly Func<Tensor, Tensor>? _round;
    private readonly bool _fuses;

    private Precision(Func<Tensor, Tensor>? round, bool fuses = false)
    {
        _round = round;
        _fuses = fuses;
    }

    /// <summary>No rounding, for any type.</summary>
    public static Precision Full { get; } = new(null, fuses: true);

    /// <summary>
    /// As <see cref="Full"/>, and every product is a separate operation with a second derivative. Fused attention has none.
    /// </summary>
    public static Precision TwiceDifferentiable { get; } = new(null);

    /// <summary>10 mantissa bits and the range of float32; numbers beyond 2^114 become NaN.</summary>
    public static Precision Tf32 { get; } = new(Split);

    /// <summary>7 mantissa bits and the range of float32.</summary>
    public static Precision BFloat16 { get; } = new(x => x.to(bfloat16).to_type(float32));

    /// <summary>
    /// Operands and results of products are bfloat16 tensors, in both passes, as under PyTorch's autocast. Other operations have the type
    /// of their operands, and float32 if one of them is float32.
    /// </summary>
    public static Precision Autocast { get; } = new(x => x.to(bfloat16), fuses: true);

    /// <summary>Whether operands have a narrow type, and not only narrow values.</summary>
    public bool IsNarrow => ReferenceEquals(this, Autocast);

    /// <summary>The rounding of a name in the options.</summary>
    public static Precision Of(string name) => name switch
    {
        "float32" or "float64" => Full,
        "tf32" => Tf32,
        "bfloat16" => BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown precision"),
    };

    /// <summary>
    /// The precision for training. A CUDA device supports TF32 and uses it in all products and convolutions of this process, also in the
    /// backward pass; on other devices the operands of the forward pass are rounded.
    /// </summary>
    public static Precision ForTraining(string name, Device device)
    {
        if (device.type == DeviceType.CUDA)
            ComputeDevice.AllowTf32(name == TrainingOptions.Tf32);
        return name == TrainingOptions.BFloat16 ? Autocast : device.type == DeviceType.CUDA ? Full : Of(name);
    }

    /// <summary>Whether attention over q [..., T, d] uses the fused kernel, which keeps no matrix of all pairs of tokens.</summary>
    public bool Fuses(Tensor q) => _fuses && (q.device_type == DeviceType.CUDA || IsFusedLength(q.size(-2)));

    /// <summary>Whether attention over this number of tokens is fused on every device.</summary>
    public static bool IsFusedLength(long tokens) => tokens >= TokensToFuse;

    /// <summary>float32 of any shape, rounded; at full precision <paramref name="x"/> itself. A gradient passes unchanged.</summary>
    public Tensor Round(Tensor x)
    {
        if (_round is null)
            return x;
        if (IsNarrow)
            return _round(x);
        var rounded = _round(x.detach());
        // The difference and the sum are exact: the result is the rounded value with the graph of the unrounded one.
        return is_grad_enabled() && x.requires_grad ? x + (rounded - x.detach()) : rounded;
    }

    /// <summary>x [..., inputs] → [..., outputs] by weight [outputs, inputs] and bias [outputs].</summary>
    public Tensor Linear(Tensor x, Tensor weight, Tensor bias) =>
        F.linear(Round(x), Round(weight), IsNarrow ? Round(bias) : bias);

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
