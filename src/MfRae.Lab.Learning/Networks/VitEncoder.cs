using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The representation encoder E of the small default: three stride-2 convolutions (28×28 → 4×4), a ViT over the tokens, and a last
/// normalisation without affine (docs/method.md §2).
/// </summary>
/// <param name="image">The shape of the images; that of MNIST by default.</param>
public sealed class VitEncoder(VitOptions options, ImageShape? image = null) : IEncoder
{
    private const int StemLayers = 3;
    private const int LargestBlock = 16;

    /// <summary>The sizes of the network.</summary>
    public VitOptions Options { get; } = options;

    /// <summary>The shape of the images that the network takes.</summary>
    public ImageShape Image { get; } = image ?? ImageShape.Mnist;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = new(
        options.Width, After(StemLayers, (image ?? ImageShape.Mnist).Rows), After(StemLayers, (image ?? ImageShape.Mnist).Columns));

    /// <inheritdoc/>
    public bool Accepts(ImageShape image) => image == Image;

    // The largest of the stem's first layer, the hidden layer of a block, and the attention between all tokens.
    /// <inheritdoc/>
    public long LargestTensor => Math.Max(
        Places(1) * (Options.Width / 3),
        Shape.Tokens * Math.Max((long)(Options.Width * Math.Max(3, Options.MlpRatio)), Options.Heads * Shape.Tokens));

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        var width = (long)Options.Width;
        spec.Convolution("stem.0", Image.Channels, width / 3, 3, 3, times: Places(1));
        spec.Norm("stem_norm.0", width / 3);
        spec.Convolution("stem.1", width / 3, 2 * width / 3, 3, 3, times: Places(2));
        spec.Norm("stem_norm.1", 2 * width / 3);
        spec.Convolution("stem.2", 2 * width / 3, width, 3, 3, times: Shape.Tokens);
        spec.Constant("pos_embed", [1, Shape.Tokens, width], WeightSpec.Initial.Values(
            () => PositionEmbedding.SinCos(Shape.Rows, Shape.Columns, width) * 0.2));
        for (var i = 0; i < Options.Depth; i++)
            VitBlock.Declare(spec, $"blocks.{i}", width, Options.Heads, Options.MlpRatio, Shape.Tokens);
        return spec;
    }

    /// <summary>pixels [B, 1, 28, 28] in [-1, 1] → latents [B, C, 4, 4]; other sizes in proportion.</summary>
    public Tensor Encode(Weights weights, Tensor pixels)
    {
        var tokens = Tokens(weights, Stem(weights, pixels));
        return tokens.transpose(1, 2).reshape(pixels.shape[0], Shape.Channels, Shape.Rows, Shape.Columns);
    }

    /// <summary>The input of the transformer, [B, T, width], before positions are added.</summary>
    internal Tensor Stem(Weights weights, Tensor pixels)
    {
        var x = pixels;
        for (var i = 0; i < StemLayers; i++)
        {
            x = Convolve(x, weights[$"stem.{i}.weight"], weights[$"stem.{i}.bias"]);
            if (i < StemLayers - 1)
                x = F.gelu(F.group_norm(x, 1, weights[$"stem_norm.{i}.weight"], weights[$"stem_norm.{i}.bias"], 1e-5));
        }
        return x.flatten(2).transpose(1, 2);
    }

    // On a CPU, libtorch's gradient by the input of a convolution from one channel to eight reads memory that it has not written. One block of
    // channels is eight numbers or sixteen, by the processor, so narrow layers that need this gradient take a product with patches instead.
    private static Tensor Convolve(Tensor x, Tensor weight, Tensor bias)
    {
        if (!x.requires_grad || weight.shape[1] > 1 || weight.shape[0] > LargestBlock)
            return F.conv2d(x, weight, bias, strides: [2, 2], padding: [1, 1]);
        var patches = F.unfold(x, (weight.shape[2], weight.shape[3]), padding: (1, 1), stride: (2, 2));
        var (rows, columns) = ((x.shape[2] + 1) / 2, (x.shape[3] + 1) / 2);
        return (weight.flatten(1).matmul(patches) + bias.unsqueeze(1)).view(x.shape[0], weight.shape[0], rows, columns);
    }

    /// <summary>The transformer over [B, T, width]; the output has mean 0 and variance 1 over the channels of each token.</summary>
    internal Tensor Tokens(Weights weights, Tensor embedded)
    {
        var x = embedded + weights["pos_embed"];
        for (var i = 0; i < Options.Depth; i++)
            x = VitBlock.Forward(weights, $"blocks.{i}", x, Options.Heads);
        return Layers.PlainNorm(x);
    }

    private long Places(int layers) => After(layers, Image.Rows) * After(layers, Image.Columns);

    // A layer of the stem halves a side and rounds up.
    private static long After(int layers, long side) => layers == 0 ? side : After(layers - 1, (side + 1) / 2);
}
