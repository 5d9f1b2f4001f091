using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The plain DiT (docs/method.md §2): transformer blocks over patches of the latent, all conditioned on the sum of the embeddings of time,
/// interval and class. The names equal those of DiT, SiT and the MeanFlow networks that are built on them.
/// </summary>
/// <param name="options">Sizes.</param>
/// <param name="shape">Shape of the latents and of the output.</param>
/// <param name="classes">Number of classes; the label <paramref name="classes"/> itself is the null label.</param>
public sealed class PlainDit(PlainDitOptions options, LatentShape shape, int classes, bool interval)
    : GeneratorNetwork(shape, classes, interval)
{
    /// <summary>
    /// The frequencies of the time embeddings, 10000^(-k/128). Published files do not contain them.
    /// </summary>
    internal const string FrequencyTable = "time_frequencies";

    private const int Frequencies = 128;
    private const double LongestPeriod = 10000;
    private const double EmbeddingDeviation = 0.02;
    private const double NormEpsilon = 1e-6;

    /// <inheritdoc/>
    public override PlainDitOptions Options { get; } = options;

    /// <inheritdoc/>
    public override long Tokens => Rows * Columns;

    private long Rows => Shape.Rows / Options.Patch;

    private long Columns => Shape.Columns / Options.Patch;

    /// <inheritdoc/>
    public override WeightSpec Declare()
    {
        var spec = new WeightSpec();
        long width = Options.Width, patch = Options.Patch, hidden = (long)(Options.Width * Options.MlpRatio);
        var inputs = Shape.Channels * patch * patch;
        spec.Constant("pos_embed", [1, Tokens, width], WeightSpec.Initial.Values(() => PositionEmbedding.SinCos(Rows, Columns, width)));
        spec.Constant(FrequencyTable, [Frequencies], WeightSpec.Initial.Values(() =>
            arange(Frequencies, dtype: float32).mul(-Math.Log(LongestPeriod) / Frequencies).exp()), published: false);
        spec.Convolution("x_embedder.proj", Shape.Channels, width, patch, patch, initial: WeightSpec.Initial.Xavier(inputs, width), times: Tokens);
        DeclareTime(spec, "t_embedder", WeightSpec.Initial.Normal(EmbeddingDeviation));
        // The last layer of the interval embedding starts at zero, so that a network initialised from a teacher computes the same function.
        if (Interval)
            DeclareTime(spec, IntervalEmbedding, WeightSpec.Initial.Zero);
        spec.Parameter("y_embedder.embedding_table.weight", [Classes + 1, width], WeightSpec.Initial.Normal(EmbeddingDeviation));
        for (var i = 0; i < Options.Depth; i++)
        {
            var name = $"blocks.{i}";
            spec.Linear(name + ".attn.qkv", width, 3 * width, times: Tokens);
            spec.Attention(Tokens, width, Options.Heads);
            spec.Linear(name + ".attn.proj", width, width, times: Tokens);
            spec.Linear(name + ".mlp.fc1", width, hidden, times: Tokens);
            spec.Linear(name + ".mlp.fc2", hidden, width, times: Tokens);
            spec.Linear(name + ".adaLN_modulation.1", width, 6 * width, WeightSpec.Initial.Zero, times: 1);
        }
        spec.Linear("final_layer.linear", width, inputs, WeightSpec.Initial.Zero, Tokens);
        spec.Linear("final_layer.adaLN_modulation.1", width, 2 * width, WeightSpec.Initial.Zero, times: 1);
        return spec;
    }

    internal override Dual Forward(Weights weights, Dual z, Dual? span, Dual t, Tensor y, Action<string, Tensor>? observe)
    {
        var condition = EmbedTime(weights, "t_embedder", t);
        observe?.Invoke("t_emb", condition.Primal);
        if (span is { } length)
        {
            var embedded = EmbedTime(weights, IntervalEmbedding, length);
            observe?.Invoke("h_emb", embedded.Primal);
            condition += embedded;
        }
        condition = (condition + weights["y_embedder.embedding_table.weight"].index_select(0, y)).Map(x => x.unsqueeze(1));

        // The convolution of stride `patch` is a linear map of each patch.
        var tokens = z.Map(Patches).Linear(weights["x_embedder.proj.weight"].flatten(1), weights["x_embedder.proj.bias"], weights.Precision);
        observe?.Invoke("patches", tokens.Primal);
        var x = tokens + weights["pos_embed"];
        var recomputation = RecomputationOf(weights, z);
        for (var i = 0; i < Options.Depth; i++)
        {
            var name = $"blocks.{i}";
            x = Block((x, c) => Block(weights, name, x, c), x, condition, recomputation);
            observe?.Invoke($"block{i}_out", x.Primal);
        }

        var modulation = Layers.Linear(weights, "final_layer.adaLN_modulation.1", condition.Silu()).Chunk(2, -1);
        x = Layers.Linear(weights, "final_layer.linear", Layers.Modulate(x.LayerNorm(NormEpsilon), modulation[0], modulation[1]));
        observe?.Invoke("final_tokens", x.Primal);
        return x.Map(x => Latent(Layers.InTypeOf(weights, x)));
    }

    private Dual Block(Weights weights, string name, Dual x, Dual condition)
    {
        // In this order: shift, scale and gate of the attention, then of the MLP.
        var m = Layers.Linear(weights, name + ".adaLN_modulation.1", condition.Silu()).Chunk(6, -1);
        var (q, k, v) = Layers.SplitHeads(
            Layers.Linear(weights, name + ".attn.qkv", Layers.Modulate(x.LayerNorm(NormEpsilon), m[0], m[1])), Options.Heads);
        x = Dual.AddProduct(x, m[2], Layers.Linear(weights, name + ".attn.proj", Layers.Attend(q, k, v, weights.Precision)));
        var hidden = Layers.Linear(weights, name + ".mlp.fc1", Layers.Modulate(x.LayerNorm(NormEpsilon), m[3], m[4])).Gelu();
        return Dual.AddProduct(x, m[5], Layers.Linear(weights, name + ".mlp.fc2", hidden));
    }

    // [B, C, H, W] → [B, T, C p q], the values of a patch in the order of the convolution's weight.
    private Tensor Patches(Tensor z) => z.reshape(-1, Shape.Channels, Rows, Options.Patch, Columns, Options.Patch)
        .permute(0, 2, 4, 1, 3, 5)
        .reshape(-1, Tokens, Shape.Channels * Options.Patch * Options.Patch);

    // [B, T, p q C] → [B, C, H, W]
    private Tensor Latent(Tensor tokens) => tokens.reshape(-1, Rows, Columns, Options.Patch, Options.Patch, Shape.Channels)
        .permute(0, 5, 1, 3, 2, 4)
        .reshape(-1, Shape.Channels, Shape.Rows, Shape.Columns);

    private void DeclareTime(WeightSpec spec, string name, WeightSpec.Initial last)
    {
        spec.Linear(name + ".mlp.0", 2 * Frequencies, Options.Width, WeightSpec.Initial.Normal(EmbeddingDeviation), times: 1);
        spec.Linear(name + ".mlp.2", Options.Width, Options.Width, last, times: 1);
    }

    /// <summary>[cos tf, sin tf] through two layers.</summary>
    private static Dual EmbedTime(Weights weights, string name, Dual t)
    {
        var angle = t.Map(x => x.unsqueeze(1) * weights[FrequencyTable]);
        return Layers.Linear(weights, name + ".mlp.2", Layers.Linear(weights, name + ".mlp.0", Dual.Cat(angle.Cos(), angle.Sin(), -1)).Silu());
    }
}
