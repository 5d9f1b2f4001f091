using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// An untrained feature network: convolutions of 3×3 with stride 2 after the first, each followed by a rectifier. The features are the mean
/// and the standard deviation of each channel of each layer over positions.
/// </summary>
public sealed class RandomConvolution(RandomConvolutionOptions options)
{
    private const int Colours = 3;
    private const int Kernel = 3;

    // Added to variances before the root, so that a constant map has a small deviation and not a root of rounding.
    private const double Epsilon = 1e-6;

    /// <summary>The options that the network is a function of.</summary>
    public RandomConvolutionOptions Options { get; } = options;

    /// <summary>The number of features.</summary>
    public int Features => 2 * Options.Width * ((1 << Options.Layers) - 1);

    /// <summary>The weights of the network.</summary>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        for (var i = 0; i < Options.Layers; i++)
        {
            var inputs = i == 0 ? Colours : Channels(i - 1);
            // Uniform with the variance 2 / inputs, which keeps the size of activations through rectifiers. A uniform number is a whole number
            // times a power of two, so the weights are the same on every processor.
            spec.Convolution(
                Name(i), inputs, Channels(i), Kernel, Kernel, bias: false, WeightSpec.Initial.Xavier((long)inputs * Kernel * Kernel, 0));
        }

        return spec;
    }

    /// <summary>The weights, a function of the options.</summary>
    public Weights Weights(Device device) => Networks.Weights.Initialise(Declare(), new RandomSource(Options.Seed, CPU), device);

    /// <summary>pixels [B, 3, H, W] in [-1, 1] → features [B, <see cref="Features"/>].</summary>
    public Tensor Pool(Weights weights, Tensor pixels)
    {
        var features = new List<Tensor>();
        // Channels last, so that the convolutions need not reorder their few channels.
        var map = pixels.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        for (var i = 0; i < Options.Layers; i++)
        {
            long stride = i == 0 ? 1 : 2;
            map = F.conv2d(map, weights[Name(i) + ".weight"], null, [stride, stride], [1, 1]).relu_();
            var mean = map.mean([2, 3]);
            features.Add(mean);
            features.Add((map.square().mean([2, 3]) - mean.square()).clamp_(min: 0).add_(Epsilon).sqrt_());
        }

        return cat(features, 1);
    }

    private int Channels(int layer) => Options.Width << layer;

    private static string Name(int layer) => FormattableString.Invariant($"layer.{layer}");
}
