using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The paper's encoder E: DINOv2 with registers under the Hugging Face names, with a last normalisation without affine instead of that of
/// the checkpoint (docs/method.md §2). Class and register tokens are dropped.
/// </summary>
/// <param name="pixels">The normalisation of pixels; ImageNet's by default.</param>
public sealed class Dinov2Encoder(Dinov2Options options, ChannelNormalisation? pixels = null) : IEncoder
{
    /// <summary>The checkpoint's affine normalisation of all tokens after the last layer.</summary>
    public const string LastNorm = "layernorm";

    private const string Projection = "embeddings.patch_embeddings.projection";

    // The offset that the release adds to the grid when it resizes positions, in models without registers.
    private const double PlainOffset = 0.1;

    /// <summary>The sizes of the network.</summary>
    public Dinov2Options Options { get; } = options;

    /// <inheritdoc/>
    public ChannelNormalisation Pixels { get; } = pixels ?? ChannelNormalisation.ImageNet;

    /// <inheritdoc/>
    public LatentShape Shape { get; } = new(options.HiddenSize, options.InputSize / options.PatchSize, options.InputSize / options.PatchSize);

    /// <inheritdoc/>
    public bool Accepts(ImageShape image) => image.Channels == 3;

    // The attention is fused and keeps no matrix of all pairs of tokens.
    /// <inheritdoc/>
    public long LargestTensor => (1 + Options.RegisterTokens + Shape.Tokens) * (long)(Options.HiddenSize * Math.Max(1, Options.MlpRatio));

    /// <inheritdoc/>
    public WeightSpec Declare()
    {
        var spec = new WeightSpec();
        long width = Options.HiddenSize, hidden = (long)(Options.HiddenSize * Options.MlpRatio), grid = Options.ImageSize / Options.PatchSize;
        var tokens = 1 + Options.RegisterTokens + Shape.Tokens;
        var small = WeightSpec.Initial.Normal(0.02);
        spec.Parameter("embeddings.cls_token", [1, 1, width], small);
        if (Options.RegisterTokens > 0)
            spec.Parameter("embeddings.register_tokens", [1, Options.RegisterTokens, width], small);
        spec.Parameter("embeddings.position_embeddings", [1, 1 + (grid * grid), width], small);
        spec.Convolution(Projection, 3, width, Options.PatchSize, Options.PatchSize, times: Shape.Tokens);
        for (var i = 0; i < Options.Layers; i++)
        {
            var name = $"encoder.layer.{i}";
            spec.Norm(name + ".norm1", width);
            FrozenAttention.Declare(spec, name, width, Options.Heads, tokens);
            spec.Parameter(name + ".layer_scale1.lambda1", [width], WeightSpec.Initial.One);
            spec.Norm(name + ".norm2", width);
            spec.Linear(name + ".mlp.fc1", width, hidden, times: tokens);
            spec.Linear(name + ".mlp.fc2", hidden, width, times: tokens);
            spec.Parameter(name + ".layer_scale2.lambda1", [width], WeightSpec.Initial.One);
        }
        // The mask token is for training only; the RAE removes the affine norm.
        spec.Unused("embeddings.mask_token", LastNorm + ".weight", LastNorm + ".bias");
        return spec;
    }

    /// <summary>images [B, 3, S, S] in [0, 1], of any side → latents [B, C, H, W], not normalised.</summary>
    public Tensor Encode(Weights weights, Tensor images)
    {
        var tokens = Tokens(weights, Pixels.Apply(Resize(images)));
        return tokens.transpose(1, 2).reshape(images.shape[0], Shape.Channels, Shape.Rows, Shape.Columns);
    }

    Tensor IEncoder.Encode(Weights weights, Tensor pixels) => Encode(weights, (pixels + 1) / 2);

    /// <summary>images [B, 3, S, S] → [B, 3, InputSize, InputSize], bicubic without antialias; unchanged where the side is right.</summary>
    internal Tensor Resize(Tensor images)
    {
        var (rows, columns) = (images.shape[2], images.shape[3]);
        return rows == Options.InputSize && columns == Options.InputSize
            ? images
            : Resampling.Apply(images, Resampling.Bicubic(rows, Options.InputSize), Resampling.Bicubic(columns, Options.InputSize));
    }

    /// <summary>Normalised images [B, 3, InputSize, InputSize] → patch tokens [B, H W, C], of mean 0 and variance 1 over C.</summary>
    internal Tensor Tokens(Weights weights, Tensor normalised)
    {
        var x = Layered(weights, normalised);
        return F.layer_norm(x.slice(1, 1 + Options.RegisterTokens, x.shape[1], 1), [x.shape[2]], null, null, Options.NormEpsilon);
    }

    /// <summary>
    /// Normalised images [B, 3, InputSize, InputSize] → class token [B, C] after the checkpoint's normalisation, which the weights must
    /// hold under <see cref="LastNorm"/>. The release calls it the features of the image.
    /// </summary>
    internal Tensor ClassToken(Weights weights, Tensor normalised)
    {
        var token = Layered(weights, normalised).select(1, 0);
        return F.layer_norm(token, [token.shape[1]], weights[LastNorm + ".weight"], weights[LastNorm + ".bias"], Options.NormEpsilon);
    }

    /// <summary>The input of the first layer: class, register and patch tokens, [B, 1 + R + H W, C].</summary>
    internal Tensor Embed(Weights weights, Tensor normalised)
    {
        var batch = normalised.shape[0];
        long[] strides = [Options.PatchSize, Options.PatchSize];
        var patches = F.conv2d(normalised, weights[Projection + ".weight"], weights[Projection + ".bias"], strides).flatten(2).transpose(1, 2);
        var positions = Positions(weights);
        var image = (weights["embeddings.cls_token"] + positions.narrow(1, 0, 1)).expand(batch, -1, -1);
        patches += positions.narrow(1, 1, Shape.Tokens);
        // Registers have no position: they are inserted between the class token and the patches after positions are added.
        return Options.RegisterTokens > 0
            ? cat([image, weights["embeddings.register_tokens"].expand(batch, -1, -1), patches], 1)
            : cat([image, patches], 1);
    }

    /// <summary>Position embeddings of the input's grid, class token first, [1, 1 + H W, C].</summary>
    internal Tensor Positions(Weights weights)
    {
        var trained = weights["embeddings.position_embeddings"];
        var (side, width) = (Options.ImageSize / Options.PatchSize, trained.shape[2]);
        if (side == Shape.Rows)
            return trained;
        // The two kinds of released models differ in the antialiasing too.
        var matrix = Options.RegisterTokens > 0
            ? Resampling.BicubicAntialiased(side, Shape.Rows)
            : Resampling.Bicubic(side, Shape.Rows, side / (Shape.Rows + PlainOffset));
        var map = trained.narrow(1, 1, side * side).view(side, side, width).permute(2, 0, 1);
        var resized = Resampling.Apply(map, matrix, matrix).flatten(1).t().unsqueeze(0);
        return cat([trained.narrow(1, 0, 1), resized], 1);
    }

    private Tensor Layered(Weights weights, Tensor normalised)
    {
        var x = Embed(weights, normalised);
        for (var i = 0; i < Options.Layers; i++)
            x = Layer(weights, i, x);
        return x;
    }

    /// <summary>[B, T, C] → the same, through layer <paramref name="index"/>.</summary>
    internal Tensor Layer(Weights weights, int index, Tensor x)
    {
        using var scope = NewDisposeScope();
        var name = $"encoder.layer.{index}";
        Tensor Norm(string part, Tensor value) => F.layer_norm(
            value, [value.shape[^1]], weights[$"{name}.{part}.weight"], weights[$"{name}.{part}.bias"], Options.NormEpsilon);
        var mixed = FrozenAttention.Forward(weights, name, Norm("norm1", x), Options.Heads);
        x = addcmul(x, mixed, weights[name + ".layer_scale1.lambda1"], 1);
        var hidden = F.gelu(Layers.Linear(weights, name + ".mlp.fc1", Norm("norm2", x)));
        return addcmul(x, Layers.Linear(weights, name + ".mlp.fc2", hidden), weights[name + ".layer_scale2.lambda1"], 1)
            .MoveToOuterDisposeScope();
    }
}
