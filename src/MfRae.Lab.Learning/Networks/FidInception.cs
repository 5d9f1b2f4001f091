using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The Inception-v3 of the published FID numbers (ported from TensorFlow by pytorch-fid), prepared for feature extraction: batch
/// normalisation is folded into the kernels, and the memory format is channels last, which is about twice as fast on a CPU.
/// </summary>
public sealed class FidInception : IDisposable
{
    /// <summary>Side of the images that enter the network.</summary>
    public const long ImageSide = 299;

    /// <summary>Width of the pooled feature.</summary>
    public const long Features = 2048;

    /// <summary>Classes of the TensorFlow graph, background and unused ones included.</summary>
    public const long Classes = 1008;

    private const double Epsilon = 1e-3;

    /// <summary>The number of channels of the map for sFID.</summary>
    public const long SpatialChannels = 7;


    private readonly Dictionary<string, Folded> _units = [];
    private readonly Tensor _classWeight;
    private readonly Tensor _classBias;

    /// <summary>
    /// Folds weights of <see cref="Declare"/>, in their type and on their device. The original weights are not needed afterwards.
    /// </summary>
    public FidInception(Weights weights)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var unit in FidInceptionUnits.All())
        {
            Tensor Wide(string part) => weights[$"{unit.Name}.{part}"].to(float64);
            var factor = Wide("bn.weight") / (Wide("bn.running_var") + Epsilon).sqrt();
            var kernel = ChannelsLast((Wide("conv.weight") * factor.view(-1, 1, 1, 1)).to(weights.Type));
            var bias = (Wide("bn.bias") - (Wide("bn.running_mean") * factor)).to(weights.Type);
            _units[unit.Name] = new(unit, kernel.DetachFromDisposeScope(), bias.DetachFromDisposeScope());
        }
        _classWeight = weights["fc.weight"].clone().DetachFromDisposeScope();
        _classBias = weights["fc.bias"].clone().DetachFromDisposeScope();
    }

    /// <summary>The weights of the network.</summary>
    public static WeightSpec Declare()
    {
        var spec = new WeightSpec();
        foreach (var unit in FidInceptionUnits.All())
        {
            spec.Convolution(unit.Name + ".conv", unit.Inputs, unit.Outputs, unit.Height, unit.Width, bias: false);
            spec.Norm(unit.Name + ".bn", unit.Outputs);
            spec.Constant(unit.Name + ".bn.running_mean", [unit.Outputs], WeightSpec.Initial.Zero);
            spec.Constant(unit.Name + ".bn.running_var", [unit.Outputs], WeightSpec.Initial.One);
            spec.Unused(unit.Name + ".bn.num_batches_tracked");
        }
        spec.Linear("fc", Features, Classes);
        return spec;
    }

    /// <summary>
    /// images [B, 3, 299, 299] from <see cref="FidInceptionInput"/> → Pool [B, 2048], the features for FID, KID, precision and recall, and
    /// Spatial [B, 17, 17, 7], the map for sFID (arXiv 2103.03841): seven channels of the first branch of Mixed_6d.
    /// </summary>
    /// <param name="observe">Receives the name and the output of each stage. It must not keep the output.</param>
    public (Tensor Pool, Tensor Spatial) Extract(Tensor images, Action<string, Tensor>? observe = null)
    {
        var x = ChannelsLast(images);
        // Each output is freed when the next one is ready: otherwise a batch of 16 would take 0.8 GB.
        void Stage(string name, Func<Tensor, Tensor> apply)
        {
            using var input = x;
            x = apply(input);
            observe?.Invoke(name, x);
        }

        Tensor spatial = null!;
        foreach (var name in new[] { "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3" })
            Stage(name, input => Unit(name, input));
        Stage("maxpool1", Shrink);
        foreach (var name in new[] { "Conv2d_3b_1x1", "Conv2d_4a_3x3" })
            Stage(name, input => Unit(name, input));
        Stage("maxpool2", Shrink);
        foreach (var name in new[] { "Mixed_5b", "Mixed_5c", "Mixed_5d" })
            Stage(name, input => A(name, input));
        Stage("Mixed_6a", input => B("Mixed_6a", input));
        foreach (var name in new[] { "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e" })
        {
            Stage(name, input => C(name, input));
            if (name == "Mixed_6d")
                spatial = x.slice(1, 0, SpatialChannels, 1).permute(0, 2, 3, 1).contiguous();
        }
        Stage("Mixed_7a", input => D("Mixed_7a", input));
        Stage("Mixed_7b", input => E("Mixed_7b", input, Mean));
        // The TensorFlow graph takes the maximum only in the last block.
        Stage("Mixed_7c", input => E("Mixed_7c", input, map => F.max_pool2d(map, 3, 1, 1)));
        using var last = x;
        return (last.mean([2, 3]), spatial);
    }

    /// <summary>pool [B, 2048] → [B, 1008]. The TensorFlow graph and all scores published from it omit the bias.</summary>
    public Tensor Logits(Tensor pool, bool bias = false) => F.linear(pool, _classWeight, bias ? _classBias : null);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var unit in _units.Values)
        {
            unit.Kernel.Dispose();
            unit.Bias.Dispose();
        }
        _classWeight.Dispose();
        _classBias.Dispose();
    }

    private Tensor A(string block, Tensor x) => Join(
        Chain(block, x, "branch1x1"),
        Chain(block, x, "branch5x5_1", "branch5x5_2"),
        Chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        Pooled(block, x, Mean));

    private Tensor B(string block, Tensor x) => Join(
        Chain(block, x, "branch3x3"),
        Chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        Shrink(x));

    private Tensor C(string block, Tensor x) => Join(
        Chain(block, x, "branch1x1"),
        Chain(block, x, "branch7x7_1", "branch7x7_2", "branch7x7_3"),
        Chain(block, x, "branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"),
        Pooled(block, x, Mean));

    private Tensor D(string block, Tensor x) => Join(
        Chain(block, x, "branch3x3_1", "branch3x3_2"),
        Chain(block, x, "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"),
        Shrink(x));

    private Tensor E(string block, Tensor x, Func<Tensor, Tensor> pool)
    {
        using var single = Chain(block, x, "branch3x3_1");
        using var twice = Chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2");
        return Join(
            Chain(block, x, "branch1x1"),
            Chain(block, single, "branch3x3_2a"),
            Chain(block, single, "branch3x3_2b"),
            Chain(block, twice, "branch3x3dbl_3a"),
            Chain(block, twice, "branch3x3dbl_3b"),
            Pooled(block, x, pool));
    }

    private Tensor Pooled(string block, Tensor x, Func<Tensor, Tensor> pool)
    {
        using var pooled = pool(x);
        return Chain(block, pooled, "branch_pool");
    }

    private Tensor Chain(string block, Tensor x, params string[] units)
    {
        var value = Unit($"{block}.{units[0]}", x);
        foreach (var unit in units.Skip(1))
        {
            using var input = value;
            value = Unit($"{block}.{unit}", input);
        }
        return value;
    }

    private Tensor Unit(string name, Tensor x)
    {
        var (unit, kernel, bias) = _units[name];
        return F.conv2d(x, kernel, bias, [unit.Stride, unit.Stride], unit.Padding).relu_();
    }

    private static Tensor Join(params Tensor[] parts)
    {
        var joined = cat(parts, 1);
        foreach (var part in parts)
            part.Dispose();
        return joined;
    }

    private static Tensor Shrink(Tensor x) => F.max_pool2d(x, 3, 2);

    // The border averages over the pixels that exist.
    private static Tensor Mean(Tensor x) => F.avg_pool2d(x, 3, 1, 1, count_include_pad: false);

    private static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private sealed record Folded(FidInceptionUnits.Unit Unit, Tensor Kernel, Tensor Bias);
}

/// <summary>
/// The two kinds of preprocessing for FID's network. The difference in FID is larger than many reported improvements, so a number must
/// name its preprocessing.
/// </summary>
public static class FidInceptionInput
{
    /// <summary>
    /// As pytorch-fid: images uint8 [B, 3, H, W] → [0, 1], bilinear with half-pixel centres and without antialias, → [-1, 1],
    /// [B, 3, 299, 299].
    /// </summary>
    public static Tensor PytorchFid(Tensor images, ScalarType type = ScalarType.Float32) =>
        Resize(images.to(type) / 255, Resampling.Bilinear).mul_(2).sub_(1);

    /// <summary>
    /// As the TensorFlow 1 graph (ADM's evaluator, torch-fidelity): images uint8 [B, 3, H, W], bilinear with sample 0 on sample 0,
    /// (x - 128) / 128, [B, 3, 299, 299].
    /// </summary>
    public static Tensor TensorFlow(Tensor images, ScalarType type = ScalarType.Float32) =>
        Resize(images.to(type), Resampling.BilinearCorner).sub_(128).div_(128);

    private static Tensor Resize(Tensor images, Func<long, long, Tensor> matrix) => Resampling.Apply(
        images, matrix(images.shape[2], FidInception.ImageSide), matrix(images.shape[3], FidInception.ImageSide));
}
