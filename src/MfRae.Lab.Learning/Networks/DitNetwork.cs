using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// DiT^DH (docs/method.md §2): a trunk on single tokens, conditioned on time (and interval) and class; its output, plus
/// time, conditions each token of a short, wide head that reads the latent again. With <paramref name="interval"/> it is
/// a mean-flow network u(z, r, t, y), whose second embedding receives t - r; otherwise a velocity network v(z, t, y).
/// The names equal those of the released checkpoints.
/// </summary>
/// <param name="options">Sizes.</param>
/// <param name="shape">Shape of the latents and of the output.</param>
/// <param name="classes">Number of classes; the label <paramref name="classes"/> itself is the null label.</param>
public sealed class DitNetwork(DitOptions options, LatentShape shape, int classes, bool interval)
    : GeneratorNetwork(shape, classes, interval)
{
    private const int Frequencies = 256;
    private const double EmbeddingDeviation = 0.02;

    /// <inheritdoc/>
    public override DitOptions Options { get; } = options;

    /// <inheritdoc/>
    public override long Tokens => Shape.Tokens;

    private int Depth => Options.TrunkDepth + Options.HeadDepth;

    /// <inheritdoc/>
    public override WeightSpec Declare()
    {
        var spec = new WeightSpec();
        var (trunk, head) = (Options.TrunkWidth, Options.HeadWidth);
        spec.Constant("pos_embed", [1, Shape.Tokens, trunk], WeightSpec.Initial.Values(
            () => PositionEmbedding.SinCos(Shape.Rows, Shape.Columns, trunk)));
        foreach (var (name, width) in new[] { ("s_embedder", trunk), ("x_embedder", head) })
        {
            spec.Convolution(name + ".proj", Shape.Channels, width, 1, 1,
                initial: WeightSpec.Initial.Xavier(Shape.Channels, width), times: Shape.Tokens);
        }
        if (trunk != head)
            spec.Linear("s_projector", trunk, head, times: Shape.Tokens);
        DeclareTime(spec, "t_embedder", WeightSpec.Initial.Normal(EmbeddingDeviation));
        // The last layer of the interval embedding starts at zero, so that a network initialised from a teacher computes the same function.
        if (Interval)
            DeclareTime(spec, IntervalEmbedding, WeightSpec.Initial.Zero);
        spec.Parameter("y_embedder.embedding_table.weight", [Classes + 1, trunk], WeightSpec.Initial.Normal(EmbeddingDeviation));
        for (var i = 0; i < Options.TrunkDepth; i++)
            DitBlock.Declare(spec, $"blocks.{i}", trunk, Options.TrunkHeads, Options.MlpRatio, Shape.Tokens, conditions: 1);
        for (var i = Options.TrunkDepth; i < Depth; i++)
            DitBlock.Declare(spec, $"blocks.{i}", head, Options.HeadHeads, Options.MlpRatio, Shape.Tokens, conditions: Shape.Tokens);
        spec.Parameter("final_layer.norm_final.weight", [head], WeightSpec.Initial.One);
        spec.Linear("final_layer.adaLN_modulation.1", head, 2 * head, WeightSpec.Initial.Zero, Shape.Tokens);
        spec.Linear("final_layer.linear", head, Shape.Channels, WeightSpec.Initial.Zero, Shape.Tokens);
        DeclareRotary(spec, "enc_feat_rope", trunk / Options.TrunkHeads);
        DeclareRotary(spec, "dec_feat_rope", head / Options.HeadHeads);
        return spec;
    }

    internal override Dual Forward(Weights weights, Dual z, Dual? span, Dual t, Tensor y, Action<string, Tensor>? observe)
    {
        var time = EmbedTime(weights, "t_embedder", t);
        observe?.Invoke("t_emb", time.Primal);
        if (span is { } length)
            time += EmbedTime(weights, IntervalEmbedding, length);
        var condition = (time + weights["y_embedder.embedding_table.weight"].index_select(0, y)).Silu();
        observe?.Invoke("c", condition.Primal);
        condition = condition.Map(x => x.unsqueeze(1));

        var tokens = z.Map(x => x.flatten(2).transpose(1, 2));
        var s = EmbedTokens(weights, "s_embedder", tokens) + weights["pos_embed"];
        var rotary = (weights["enc_feat_rope.freqs_cos"], weights["enc_feat_rope.freqs_sin"]);
        var recomputation = RecomputationOf(weights, z);
        for (var i = 0; i < Options.TrunkDepth; i++)
        {
            s = Block(weights, i, s, condition, Options.TrunkHeads, rotary, recomputation);
            observe?.Invoke($"block{i}_out", s.Primal);
        }

        s = (time.Map(x => x.unsqueeze(1)) + s).Silu();
        observe?.Invoke("encoder_s", s.Primal);
        if (Options.TrunkWidth != Options.HeadWidth)
            s = Layers.Linear(weights, "s_projector", s);
        observe?.Invoke("s_proj", s.Primal);
        var x = EmbedTokens(weights, "x_embedder", tokens);
        rotary = (weights["dec_feat_rope.freqs_cos"], weights["dec_feat_rope.freqs_sin"]);
        for (var i = Options.TrunkDepth; i < Depth; i++)
        {
            x = Block(weights, i, x, s, Options.HeadHeads, rotary, recomputation);
            observe?.Invoke($"block{i}_out", x.Primal);
        }

        var modulation = Layers.Linear(weights, "final_layer.adaLN_modulation.1", s.Silu()).Chunk(2, -1);
        x = Layers.Modulate(Layers.RmsNorm(weights, "final_layer.norm_final", x), modulation[0], modulation[1]);
        return Layers.Linear(weights, "final_layer.linear", x)
            .Map(x => Layers.InTypeOf(weights, x).transpose(1, 2).reshape(-1, Shape.Channels, Shape.Rows, Shape.Columns));
    }

    private static Dual Block(
        Weights weights, int i, Dual x, Dual condition, long heads, (Tensor Cos, Tensor Sin) rotary, Recomputation? recomputation) =>
        Block((x, condition) => DitBlock.Forward(weights, $"blocks.{i}", x, condition, heads, rotary), x, condition, recomputation);

    private static void DeclareTime(WeightSpec spec, string name, long width, WeightSpec.Initial last)
    {
        spec.Constant(name + ".W", [Frequencies], WeightSpec.Initial.Normal(1));
        spec.Linear(name + ".mlp.0", 2 * Frequencies, width, WeightSpec.Initial.Normal(EmbeddingDeviation), times: 1);
        spec.Linear(name + ".mlp.2", width, width, last, times: 1);
    }

    private void DeclareTime(WeightSpec spec, string name, WeightSpec.Initial last) => DeclareTime(spec, name, Options.TrunkWidth, last);

    private void DeclareRotary(WeightSpec spec, string name, long headWidth)
    {
        spec.Constant(name + ".freqs_cos", [Shape.Tokens, headWidth],
            WeightSpec.Initial.Values(() => PositionEmbedding.RotaryAngles(Shape.Rows, Shape.Columns, headWidth).cos().to(float32)));
        spec.Constant(name + ".freqs_sin", [Shape.Tokens, headWidth],
            WeightSpec.Initial.Values(() => PositionEmbedding.RotaryAngles(Shape.Rows, Shape.Columns, headWidth).sin().to(float32)));
    }

    private static Dual EmbedTokens(Weights weights, string name, Dual tokens) =>
        tokens.Linear(weights[name + ".proj.weight"].flatten(1), weights[name + ".proj.bias"], weights.Precision);

    /// <summary>Gaussian Fourier features of scale 1: [sin 2πtW, cos 2πtW] through two layers.</summary>
    private static Dual EmbedTime(Weights weights, string name, Dual t)
    {
        var angle = t.Map(x => x.unsqueeze(1) * weights[name + ".W"] * (2 * Math.PI));
        var hidden = Layers.Linear(weights, name + ".mlp.0", Dual.Cat(angle.Sin(), angle.Cos(), -1)).Silu();
        return Layers.Linear(weights, name + ".mlp.2", hidden);
    }
}

/// <summary>
/// A DiT block with RMSNorm, rotary attention, SwiGLU and adaLN-zero, with one condition for the sample or one for each token.
/// </summary>
internal static class DitBlock
{
    /// <summary>The weights of a block.</summary>
    /// <param name="conditions">The number of conditions of a sample: one, or one for each token.</param>
    public static void Declare(WeightSpec spec, string name, long width, long heads, double mlpRatio, long tokens, long conditions)
    {
        var hidden = 2 * (long)(width * mlpRatio) / 3;
        spec.Parameter(name + ".norm1.weight", [width], WeightSpec.Initial.One);
        spec.Parameter(name + ".norm2.weight", [width], WeightSpec.Initial.One);
        spec.Linear(name + ".attn.qkv", width, 3 * width, times: tokens);
        spec.Attention(tokens, width, heads);
        spec.Linear(name + ".attn.proj", width, width, times: tokens);
        spec.Linear(name + ".mlp.w12", width, 2 * hidden, times: tokens);
        spec.Linear(name + ".mlp.w3", hidden, width, times: tokens);
        spec.Linear(name + ".adaLN_modulation.1", width, 6 * width, WeightSpec.Initial.Zero, conditions);
    }

    /// <summary>x [B, T, width], condition [B, 1 or T, width] → [B, T, width].</summary>
    public static Dual Forward(Weights weights, string name, Dual x, Dual condition, long heads, (Tensor Cos, Tensor Sin) rotary)
    {
        // In this order: shift, scale and gate of the attention, then of the MLP.
        var m = Layers.Linear(weights, name + ".adaLN_modulation.1", condition.Silu()).Chunk(6, -1);
        var (q, k, v) = Layers.SplitHeads(
            Layers.Linear(weights, name + ".attn.qkv", Layers.Modulate(Layers.RmsNorm(weights, name + ".norm1", x), m[0], m[1])), heads);
        Tensor Rotate(Tensor part) => PositionEmbedding.Rotate(part, rotary.Cos, rotary.Sin);
        var mixed = Layers.Attend(q.Map(Rotate), k.Map(Rotate), v, weights.Precision);
        x = Dual.AddProduct(x, m[2], Layers.Linear(weights, name + ".attn.proj", mixed));

        var halves = Layers.Linear(weights, name + ".mlp.w12",
            Layers.Modulate(Layers.RmsNorm(weights, name + ".norm2", x), m[3], m[4])).Chunk(2, -1);
        return Dual.AddProduct(x, m[5], Layers.Linear(weights, name + ".mlp.w3", halves[0].Silu() * halves[1]));
    }
}
