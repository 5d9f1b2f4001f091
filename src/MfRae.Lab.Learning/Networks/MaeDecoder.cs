using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The paper's RAE decoder under the released names: a ViT over the latent tokens and a trained class token, which is dropped at the
/// end; each token becomes a square of pixels (docs/method.md §2).
/// </summary>
/// <param name="shape">The shape of the latents. If its grid differs from that of the decoder, tokens are resized bilinearly.</param>
/// <param name="pixels">The normalisation of the encoder's pixels, which the output of the decoder has; ImageNet's by default.</param>
public sealed class MaeDecoder(MaeDecoderOptions options, LatentShape shape, ChannelNormalisation? pixels = null) : IDecoder
{
    /// <summary>The sizes of the network.</summary>
    public MaeDecoderOptions Options { get; } = options;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = shape;

    /// <inheritdoc/>
    public ChannelNormalisation Pixels { get; } = pixels ?? ChannelNormalisation.ImageNet;

    /// <inheritdoc/>
    public ImageShape Image { get; } = new(options.Channels, options.ImageSize, options.ImageSize);

    private long Grid => Options.ImageSize / Options.PatchSize;

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        long width = Options.HiddenSize, tokens = 1 + (Grid * Grid);
        spec.Parameter("trainable_cls_token", [1, 1, width], WeightSpec.Initial.Zero);
        spec.Constant("decoder_pos_embed", [1, 1 + (Grid * Grid), width], WeightSpec.Initial.Values(
            () => cat([zeros(1, 1, width), PositionEmbedding.SinCos(Grid, Grid, width)], 1)));
        spec.Linear("decoder_embed", Shape.Channels, width, times: Shape.Tokens);
        for (var i = 0; i < Options.Layers; i++)
        {
            var name = $"decoder_layers.{i}";
            spec.Norm(name + ".layernorm_before", width);
            FrozenAttention.Declare(spec, name, width, Options.Heads, tokens);
            spec.Norm(name + ".layernorm_after", width);
            spec.Linear(name + ".intermediate.dense", width, Options.IntermediateSize, times: tokens);
            spec.Linear(name + ".output.dense", Options.IntermediateSize, width, times: tokens);
        }
        spec.Norm("decoder_norm", width);
        spec.Linear("decoder_pred", width, (long)Options.PatchSize * Options.PatchSize * Options.Channels, times: Grid * Grid);
        return spec;
    }

    /// <summary>latents [B, C, H, W], not normalised → images [B, Channels, ImageSize, ImageSize], about [0, 1], not clamped.</summary>
    public Tensor Decode(Weights weights, Tensor latents) =>
        Pixels.Undo(Unpatchify(Patches(weights, Embed(weights, latents.flatten(2).transpose(1, 2)))));

    Tensor IDecoder.Decode(Weights weights, Tensor latents) => (Decode(weights, latents) * 2) - 1;

    /// <summary>tokens [B, H W, C] → [B, H W, width].</summary>
    internal static Tensor Embed(Weights weights, Tensor tokens) => Layers.Linear(weights, "decoder_embed", tokens);

    /// <summary>Embedded tokens [B, H W, width] → the pixels of each patch [B, Grid², PatchSize² Channels].</summary>
    internal Tensor Patches(Weights weights, Tensor embedded)
    {
        var tokens = ToGrid(embedded);
        var x = cat([weights["trainable_cls_token"].expand(tokens.shape[0], -1, -1), tokens], 1) + weights["decoder_pos_embed"];
        for (var i = 0; i < Options.Layers; i++)
            x = Layer(weights, $"decoder_layers.{i}", x);
        x = Norm(weights, "decoder_norm", x);
        return Layers.Linear(weights, "decoder_pred", x.slice(1, 1, x.shape[1], 1));
    }

    /// <summary>[B, Grid², PatchSize² Channels], a patch ordered row, column, colour → [B, Channels, ImageSize, ImageSize].</summary>
    internal Tensor Unpatchify(Tensor patches)
    {
        var (batch, side, grid) = (patches.shape[0], Options.PatchSize, Grid);
        return patches.view(batch, grid, grid, side, side, Options.Channels)
            .permute(0, 5, 1, 3, 2, 4)
            .reshape(batch, Options.Channels, grid * side, grid * side);
    }

    private Tensor ToGrid(Tensor embedded)
    {
        if (Shape.Rows == Grid && Shape.Columns == Grid)
            return embedded;
        var map = embedded.transpose(1, 2).view(embedded.shape[0], embedded.shape[2], Shape.Rows, Shape.Columns);
        return Resampling.Apply(map, Resampling.Bilinear(Shape.Rows, Grid), Resampling.Bilinear(Shape.Columns, Grid))
            .flatten(2).transpose(1, 2);
    }

    private Tensor Layer(Weights weights, string name, Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x + FrozenAttention.Forward(weights, name, Norm(weights, name + ".layernorm_before", x), Options.Heads);
        var hidden = F.gelu(Layers.Linear(weights, name + ".intermediate.dense", Norm(weights, name + ".layernorm_after", x)));
        return (x + Layers.Linear(weights, name + ".output.dense", hidden)).MoveToOuterDisposeScope();
    }

    private Tensor Norm(Weights weights, string name, Tensor x) =>
        F.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], Options.NormEpsilon);
}
