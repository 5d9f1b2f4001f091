using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The encoder half of a KL autoencoder (docs/method.md §2), under the names of latent diffusion: pixels → mean and log-variance of a
/// Gaussian posterior. The latent is the posterior's mean times a fixed scale.
/// </summary>
/// <param name="image">The shape of the images.</param>
/// <param name="scale">The number that latents are multiplied by.</param>
public sealed class AutoencoderKlEncoder(AutoencoderKlOptions options, ImageShape image, double scale) : IEncoder
{
    /// <summary>The sizes of the network.</summary>
    public AutoencoderKlOptions Options { get; } = options;

    /// <summary>The shape of the images that the network takes.</summary>
    public ImageShape Image { get; } = image;

    /// <summary>The number that latents are multiplied by.</summary>
    public double Scale { get; } = scale;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = AutoencoderKlLayers.Shape(options, image);

    /// <inheritdoc/>
    public long LargestTensor => Image.Rows * Image.Columns * Options.Channels * Options.Multipliers[0];

    /// <inheritdoc/>
    public bool Accepts(ImageShape image) => image == Image;

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        Declare(spec);
        return spec;
    }

    internal void Declare(WeightSpec spec)
    {
        var layers = new AutoencoderKlLayers(Options);
        var (width, moments) = ((long)Options.Channels, 2L * Options.LatentChannels);
        var places = Image.Rows * Image.Columns;
        AutoencoderKlLayers.Declare(spec, "encoder.conv_in", Image.Channels, width, places);
        for (var level = 0; level < Options.Multipliers.Count; level++)
        {
            for (var block = 0; block < Options.Blocks; block++)
            {
                var (from, to) = (width, layers.Width(level));
                AutoencoderKlLayers.DeclareBlock(spec, $"encoder.down.{level}.block.{block}", from, to, places);
                width = to;
            }

            if (level < Options.Multipliers.Count - 1)
            {
                places /= 4;
                AutoencoderKlLayers.Declare(spec, $"encoder.down.{level}.downsample.conv", width, width, places);
            }
        }

        AutoencoderKlLayers.DeclareMiddle(spec, "encoder.mid", width, places);
        spec.Norm("encoder.norm_out", width);
        AutoencoderKlLayers.Declare(spec, "encoder.conv_out", width, moments, places);
        AutoencoderKlLayers.Declare(spec, "quant_conv", moments, moments, places, side: 1);
    }

    /// <summary>pixels [B, C, H, W] in [-1, 1] → scale · mean [B, z, h, w].</summary>
    public Tensor Encode(Weights weights, Tensor pixels) => Encode(weights, pixels, observe: null).Mean * Scale;

    /// <summary>The posterior of images.</summary>
    /// <param name="observe">Receives intermediate values by name, for comparisons with another implementation.</param>
    internal Posterior Encode(Weights weights, Tensor pixels, Action<string, Tensor>? observe)
    {
        var layers = new AutoencoderKlLayers(Options);
        var x = AutoencoderKlLayers.Convolve(weights, "encoder.conv_in", pixels);
        for (var level = 0; level < Options.Multipliers.Count; level++)
        {
            for (var block = 0; block < Options.Blocks; block++)
            {
                x = layers.Block(weights, $"encoder.down.{level}.block.{block}", x);
                observe?.Invoke($"enc.down{level}.block{block}", x);
            }

            if (level < Options.Multipliers.Count - 1)
                x = AutoencoderKlLayers.Halve(weights, $"encoder.down.{level}.downsample.conv", x);
        }

        x = layers.Middle(weights, "encoder.mid", x);
        x = AutoencoderKlLayers.Convolve(weights, "encoder.conv_out", F.silu(layers.Norm(weights, "encoder.norm_out", x)));
        observe?.Invoke("enc.out", x);
        return Posterior.Of(AutoencoderKlLayers.Convolve(weights, "quant_conv", x, padding: 0));
    }
}

/// <summary>The decoder half of a KL autoencoder (docs/method.md §2), under the names of latent diffusion.</summary>
/// <param name="image">The shape of the images.</param>
/// <param name="scale">The number that latents are divided by.</param>
public sealed class AutoencoderKlDecoder(AutoencoderKlOptions options, ImageShape image, double scale) : IDecoder
{
    /// <summary>The sizes of the network.</summary>
    public AutoencoderKlOptions Options { get; } = options;

    /// <summary>The number that latents are divided by.</summary>
    public double Scale { get; } = scale;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = AutoencoderKlLayers.Shape(options, image);

    /// <inheritdoc/>
    public ImageShape Image { get; } = image;

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        Declare(spec);
        return spec;
    }

    internal void Declare(WeightSpec spec)
    {
        var layers = new AutoencoderKlLayers(Options);
        var last = Options.Multipliers.Count - 1;
        var (width, places) = (layers.Width(last), Shape.Tokens);
        AutoencoderKlLayers.Declare(spec, "decoder.conv_in", Shape.Channels, width, places);
        AutoencoderKlLayers.DeclareMiddle(spec, "decoder.mid", width, places);
        for (var level = last; level >= 0; level--)
        {
            for (var block = 0; block <= Options.Blocks; block++)
            {
                AutoencoderKlLayers.DeclareBlock(spec, $"decoder.up.{level}.block.{block}", width, layers.Width(level), places);
                width = layers.Width(level);
            }

            if (level > 0)
            {
                places *= 4;
                AutoencoderKlLayers.Declare(spec, $"decoder.up.{level}.upsample.conv", width, width, places);
            }
        }

        spec.Norm("decoder.norm_out", width);
        AutoencoderKlLayers.Declare(spec, "decoder.conv_out", width, Image.Channels, places);
        AutoencoderKlLayers.Declare(spec, "post_quant_conv", Shape.Channels, Shape.Channels, Shape.Tokens, side: 1);
    }

    /// <summary>latents [B, z, h, w] → pixels [B, C, H, W], about [-1, 1].</summary>
    public Tensor Decode(Weights weights, Tensor latents) => Decode(weights, latents, observe: null);

    /// <param name="observe">Receives intermediate values by name, for comparisons with another implementation.</param>
    internal Tensor Decode(Weights weights, Tensor latents, Action<string, Tensor>? observe)
    {
        var layers = new AutoencoderKlLayers(Options);
        var x = AutoencoderKlLayers.Convolve(weights, "post_quant_conv", latents / Scale, padding: 0);
        observe?.Invoke("dec.post_quant", x);
        x = layers.Middle(weights, "decoder.mid", AutoencoderKlLayers.Convolve(weights, "decoder.conv_in", x));
        observe?.Invoke("dec.mid", x);
        for (var level = Options.Multipliers.Count - 1; level >= 0; level--)
        {
            for (var block = 0; block <= Options.Blocks; block++)
                x = layers.Block(weights, $"decoder.up.{level}.block.{block}", x);
            if (level > 0)
            {
                var twice = F.interpolate(x, [2 * x.shape[2], 2 * x.shape[3]], mode: InterpolationMode.Nearest);
                x = AutoencoderKlLayers.Convolve(weights, $"decoder.up.{level}.upsample.conv", twice);
            }
        }

        return AutoencoderKlLayers.Convolve(weights, "decoder.conv_out", F.silu(layers.Norm(weights, "decoder.norm_out", x)));
    }
}

/// <summary>The Gaussian posterior of a latent, with independent elements.</summary>
/// <param name="Mean">[B, z, h, w].</param>
/// <param name="LogVariance">[B, z, h, w], within [-30, 20].</param>
public sealed record Posterior(Tensor Mean, Tensor LogVariance)
{
    private const double Least = -30;
    private const double Most = 20;

    /// <summary>exp(log-variance / 2).</summary>
    public Tensor Deviation => (LogVariance * 0.5).exp();

    /// <summary>The posterior of moments [B, 2 z, h, w]: means, then log-variances, which are clamped.</summary>
    public static Posterior Of(Tensor moments)
    {
        var parts = moments.chunk(2, 1);
        return new(parts[0], parts[1].clamp(Least, Most));
    }

    /// <summary>mean + deviation · noise.</summary>
    public Tensor Sample(Tensor noise) => addcmul(Mean, Deviation, noise, 1);

    /// <summary>The Kullback-Leibler divergence from the standard normal distribution, ½ Σ (mean² + variance - 1 - log-variance), [B].</summary>
    public Tensor Divergence() => (Mean.square() + LogVariance.exp() - 1 - LogVariance).flatten(1).sum([1]) * 0.5;
}

/// <summary>The layers that both halves share.</summary>
internal sealed class AutoencoderKlLayers(AutoencoderKlOptions options)
{
    private const double NormEpsilon = 1e-6;

    /// <summary>The channels of a level; level 0 has the size of the image.</summary>
    public long Width(int level) => (long)options.Channels * options.Multipliers[level];

    /// <summary>The weights of both halves.</summary>
    public static WeightSpec Declare(AutoencoderKlEncoder encoder, AutoencoderKlDecoder decoder)
    {
        var spec = new WeightSpec();
        encoder.Declare(spec);
        decoder.Declare(spec);
        return spec;
    }

    public static LatentShape Shape(AutoencoderKlOptions options, ImageShape image)
    {
        var side = 1L << (options.Multipliers.Count - 1);
        return new(options.LatentChannels, image.Rows / side, image.Columns / side);
    }

    public static void Declare(WeightSpec spec, string name, long inputs, long outputs, long places, long side = 3) =>
        spec.Convolution(name, inputs, outputs, side, side, initial: WeightSpec.Initial.Xavier(inputs * side * side, outputs), times: places);

    public static void DeclareBlock(WeightSpec spec, string name, long inputs, long outputs, long places)
    {
        spec.Norm(name + ".norm1", inputs);
        Declare(spec, name + ".conv1", inputs, outputs, places);
        spec.Norm(name + ".norm2", outputs);
        Declare(spec, name + ".conv2", outputs, outputs, places);
        if (inputs != outputs)
            Declare(spec, name + ".nin_shortcut", inputs, outputs, places, side: 1);
    }

    public static void DeclareMiddle(WeightSpec spec, string name, long width, long places)
    {
        DeclareBlock(spec, name + ".block_1", width, width, places);
        spec.Norm(name + ".attn_1.norm", width);
        foreach (var part in new[] { "q", "k", "v", "proj_out" })
            Declare(spec, $"{name}.attn_1.{part}", width, width, places, side: 1);
        spec.Attention(places, width, 1);
        DeclareBlock(spec, name + ".block_2", width, width, places);
    }

    public static Tensor Convolve(Weights weights, string name, Tensor x, long stride = 1, long padding = 1) =>
        F.conv2d(is_grad_enabled() ? ChannelsLast(x) : x, weights[name + ".weight"], weights[name + ".bias"], strides: [stride, stride], padding: [padding, padding]);

    // On a CPU, libtorch 2.10 computes wrong gradients of convolutions of some numbers of channels, such as 8 and 24. With the channels last, they
    // are right.
    private static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <summary>A convolution of stride 2 over one more row below and one more column at the right, as in the published networks.</summary>
    public static Tensor Halve(Weights weights, string name, Tensor x) =>
        Convolve(weights, name, F.pad(x, (0L, 1L, 0L, 1L)), stride: 2, padding: 0);

    public Tensor Norm(Weights weights, string name, Tensor x) =>
        F.group_norm(x, options.Groups, weights[name + ".weight"], weights[name + ".bias"], NormEpsilon);

    /// <summary>Twice norm, SiLU and convolution, and the input, whose channels a 1×1 convolution changes if it must.</summary>
    public Tensor Block(Weights weights, string name, Tensor x)
    {
        using var scope = NewDisposeScope();
        var hidden = Convolve(weights, name + ".conv1", F.silu(Norm(weights, name + ".norm1", x)));
        var direct = hidden.shape[1] == x.shape[1] ? x : Convolve(weights, name + ".nin_shortcut", x, padding: 0);
        return (direct + Convolve(weights, name + ".conv2", F.silu(Norm(weights, name + ".norm2", hidden)))).MoveToOuterDisposeScope();
    }

    /// <summary>A block, attention with one head between all places, and a block.</summary>
    public Tensor Middle(Weights weights, string name, Tensor x)
    {
        using var scope = NewDisposeScope();
        x = Block(weights, name + ".block_1", x);
        var normal = Norm(weights, name + ".attn_1.norm", x);
        Tensor Part(string part) =>
            Convolve(weights, $"{name}.attn_1.{part}", normal, padding: 0).flatten(2).transpose(1, 2).unsqueeze(1);
        var mixed = Layers.Attend(Part("q"), Part("k"), Part("v"), weights.Precision);
        x = x + Convolve(weights, name + ".attn_1.proj_out", Layers.InTypeOf(weights, mixed).transpose(1, 2).reshape(x.shape), padding: 0);
        return Block(weights, name + ".block_2", x).MoveToOuterDisposeScope();
    }
}
