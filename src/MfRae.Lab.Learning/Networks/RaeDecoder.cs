using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The RAE decoder of the small default: a ViT over the latent tokens, a patch of feature channels for each token, and two residual
/// convolutions at full resolution, which cross patch borders.
/// </summary>
/// <param name="image">The shape of the images; that of MNIST by default. The sides are multiples of those of the latent.</param>
public sealed class RaeDecoder(DecoderNetworkOptions options, LatentShape shape, ImageShape? image = null) : IDecoder
{
    /// <summary>The sizes of the network.</summary>
    public DecoderNetworkOptions Options { get; } = options;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = shape;

    /// <inheritdoc/>
    public ImageShape Image { get; } = image ?? ImageShape.Mnist;

    private long PatchSide => Image.Rows / Shape.Rows;

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        var (width, channels) = ((long)Options.Width, (long)Options.Channels);
        spec.Linear("decoder_embed", Shape.Channels, width, times: Shape.Tokens);
        spec.Constant("decoder_pos_embed", [1, Shape.Tokens, width], WeightSpec.Initial.Values(
            () => PositionEmbedding.SinCos(Shape.Rows, Shape.Columns, width)));
        for (var i = 0; i < Options.Depth; i++)
            VitBlock.Declare(spec, $"decoder_layers.{i}", width, Options.Heads, Options.MlpRatio, Shape.Tokens);
        spec.Norm("decoder_norm", width);
        spec.Linear("decoder_pred", width, channels * PatchSide * PatchSide, times: Shape.Tokens);
        var pixels = Image.Rows * Image.Columns;
        spec.Convolution("refine.0", channels, channels, 3, 3, times: pixels);
        spec.Convolution("refine.1", channels, channels, 3, 3, times: pixels);
        spec.Convolution("refine.2", channels, Image.Channels, 3, 3, times: pixels);
        return spec;
    }

    /// <summary>latents [B, C, H, W], not normalised → pixels of <see cref="Image"/> [B, C, H, W], about [-1, 1].</summary>
    public Tensor Decode(Weights weights, Tensor latents)
    {
        var batch = latents.shape[0];
        var x = Layers.Linear(weights, "decoder_embed", latents.flatten(2).transpose(1, 2)) + weights["decoder_pos_embed"];
        for (var i = 0; i < Options.Depth; i++)
            x = VitBlock.Forward(weights, $"decoder_layers.{i}", x, Options.Heads);
        x = Layers.Linear(weights, "decoder_pred", Layers.LayerNorm(weights, "decoder_norm", x));

        var side = PatchSide;
        // Channels last, so that the convolutions need not reorder their few channels.
        var map = x.view(batch, Shape.Rows, Shape.Columns, Options.Channels, side, side)
            .permute(0, 1, 4, 2, 5, 3)
            .reshape(batch, Shape.Rows * side, Shape.Columns * side, Options.Channels)
            .permute(0, 3, 1, 2);
        for (var i = 0; i < 2; i++)
            map = map + F.gelu(F.conv2d(map, weights[$"refine.{i}.weight"], weights[$"refine.{i}.bias"], padding: [1, 1]));
        return F.conv2d(map, weights["refine.2.weight"], weights["refine.2.bias"], padding: [1, 1]);
    }
}
