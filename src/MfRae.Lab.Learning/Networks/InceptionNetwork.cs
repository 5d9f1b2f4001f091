using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// An Inception-style classifier for small images, with the blocks of Szegedy et al. (arXiv 1512.00567) at small width:
/// a stem (28×28 to 14×14), two blocks of 1×1, 3×3, double 3×3 and pooling branches, a grid reduction (to 7×7), two blocks with
/// factorised 1×7 and 7×1 convolutions, and global average pooling.
/// </summary>
/// <param name="width">Channels of a branch.</param>
/// <param name="channels">Channels of the images: 1 for grey, 3 for colour.</param>
public sealed class InceptionNetwork(int width, int classes, int channels = 1)
{
    private const double Epsilon = 1e-3;

    /// <summary>Channels of a branch.</summary>
    public int Width { get; } = width;

    /// <summary>The number of classes.</summary>
    public int Classes { get; } = classes;

    /// <summary>The channels of an image.</summary>
    public int Channels { get; } = channels;

    /// <summary>Width of the pooled feature.</summary>
    public int Features => 8 * Width;

    /// <summary>The weights of the network.</summary>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        long w = Width;
        Unit(spec, "stem.0", Channels, w, 3, 3);
        Unit(spec, "stem.1", w, 2 * w, 3, 3);
        foreach (var (name, inputs) in new[] { ("a.0", 2 * w), ("a.1", 4 * w) })
        {
            Unit(spec, name + ".branch1x1", inputs, w, 1, 1);
            Unit(spec, name + ".branch3x3.0", inputs, w, 1, 1);
            Unit(spec, name + ".branch3x3.1", w, w, 3, 3);
            Unit(spec, name + ".branch3x3dbl.0", inputs, w, 1, 1);
            Unit(spec, name + ".branch3x3dbl.1", w, w, 3, 3);
            Unit(spec, name + ".branch3x3dbl.2", w, w, 3, 3);
            Unit(spec, name + ".pool", inputs, w, 1, 1);
        }
        Unit(spec, "reduction.branch3x3", 4 * w, 2 * w, 3, 3);
        Unit(spec, "reduction.branch3x3dbl.0", 4 * w, w, 1, 1);
        Unit(spec, "reduction.branch3x3dbl.1", w, 2 * w, 3, 3);
        foreach (var name in new[] { "c.0", "c.1" })
        {
            Unit(spec, name + ".branch1x1", 8 * w, 2 * w, 1, 1);
            Unit(spec, name + ".branch7x7.0", 8 * w, w, 1, 1);
            Unit(spec, name + ".branch7x7.1", w, w, 1, 7);
            Unit(spec, name + ".branch7x7.2", w, 2 * w, 7, 1);
            Unit(spec, name + ".branch7x7dbl.0", 8 * w, w, 1, 1);
            Unit(spec, name + ".branch7x7dbl.1", w, w, 7, 1);
            Unit(spec, name + ".branch7x7dbl.2", w, 2 * w, 1, 7);
            Unit(spec, name + ".pool", 8 * w, 2 * w, 1, 1);
        }
        spec.Linear("fc", Features, Classes);
        return spec;
    }

    /// <summary>
    /// pixels [B, C, H, W] in [-1, 1] → pooled features [B, <see cref="Features"/>]. In training mode the batch is
    /// normalised by its own statistics, which update the running statistics.
    /// </summary>
    public Tensor Pool(Weights weights, Tensor pixels, bool training = false)
    {
        Tensor Conv(string name, Tensor x, long stride = 1) => Apply(weights, name, x, stride, training);
        var x = Conv("stem.0", pixels);
        // Channels last: otherwise convolutions with few channels spend most of their time on reordering.
        x = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        x = Conv("stem.1", x, 2);
        foreach (var name in new[] { "a.0", "a.1" })
        {
            x = cat(
            [
                Conv(name + ".branch1x1", x),
                Conv(name + ".branch3x3.1", Conv(name + ".branch3x3.0", x)),
                Conv(name + ".branch3x3dbl.2", Conv(name + ".branch3x3dbl.1", Conv(name + ".branch3x3dbl.0", x))),
                Conv(name + ".pool", F.avg_pool2d(x, 3, 1, 1)),
            ], 1);
        }
        x = cat(
        [
            Conv("reduction.branch3x3", x, 2),
            Conv("reduction.branch3x3dbl.1", Conv("reduction.branch3x3dbl.0", x), 2),
            F.max_pool2d(x, 3, 2, 1),
        ], 1);
        foreach (var name in new[] { "c.0", "c.1" })
        {
            x = cat(
            [
                Conv(name + ".branch1x1", x),
                Conv(name + ".branch7x7.2", Conv(name + ".branch7x7.1", Conv(name + ".branch7x7.0", x))),
                Conv(name + ".branch7x7dbl.2", Conv(name + ".branch7x7dbl.1", Conv(name + ".branch7x7dbl.0", x))),
                Conv(name + ".pool", F.avg_pool2d(x, 3, 1, 1)),
            ], 1);
        }
        return x.mean([2, 3]);
    }

    /// <summary>Features [B, F] → class scores [B, classes].</summary>
    public static Tensor Logits(Weights weights, Tensor features) => Layers.Linear(weights, "fc", features);

    // Convolution without bias, batch normalisation, ReLU; padding keeps the size at stride 1.
    private static void Unit(WeightSpec spec, string name, long inputs, long outputs, long height, long width)
    {
        spec.Convolution(name + ".conv", inputs, outputs, height, width, bias: false);
        spec.Norm(name + ".bn", outputs);
        spec.Constant(name + ".bn.running_mean", [outputs], WeightSpec.Initial.Zero);
        spec.Constant(name + ".bn.running_var", [outputs], WeightSpec.Initial.One);
    }

    private static Tensor Apply(Weights weights, string name, Tensor x, long stride, bool training)
    {
        var kernel = weights[name + ".conv.weight"];
        long[] strides = [stride, stride], padding = [kernel.shape[2] / 2, kernel.shape[3] / 2];
        var (mean, variance) = (weights[name + ".bn.running_mean"], weights[name + ".bn.running_var"]);
        var (scale, shift) = (weights[name + ".bn.weight"], weights[name + ".bn.bias"]);
        if (training)
            return F.relu(F.batch_norm(F.conv2d(x, kernel, null, strides, padding), mean, variance, scale, shift, true, 0.1, Epsilon));

        // With fixed statistics the normalisation is a factor and a bias of the kernel, which saves one pass over the activations.
        var factor = scale / (variance + Epsilon).sqrt();
        return F.conv2d(x, kernel * factor.view(-1, 1, 1, 1), addcmul(shift, mean, factor, -1), strides, padding).relu_();
    }
}
