using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Layers as functions of an input and of named weights. Layers over <see cref="Dual"/> carry the tangent of the input, if any. They
/// open no dispose scope.
/// </summary>
public static class Layers
{
    private const double RmsEpsilon = 1e-6;

    /// <summary>x [..., inputs] → [..., outputs] in the type of the weights, for operations that do not mix types.</summary>
    public static Tensor Linear(Weights weights, string name, Tensor x) => InTypeOf(weights, Linear(weights, name, (Dual)x).Primal);

    /// <summary>x [..., inputs] → [..., outputs] in the type of the precision's products.</summary>
    public static Dual Linear(Weights weights, string name, Dual x) => x.Linear(weights[name + ".weight"], weights[name + ".bias"], weights.Precision);

    /// <summary>x in the type of the weights.</summary>
    public static Tensor InTypeOf(Weights weights, Tensor x) => x.dtype == weights.Type ? x : x.to_type(weights.Type);

    /// <summary>x / sqrt(mean x² + 1e-6) · weight over the last dimension.</summary>
    public static Dual RmsNorm(Weights weights, string name, Dual x) => x.RmsNorm(weights[name + ".weight"], RmsEpsilon);

    /// <summary>Layer normalisation over the last dimension, with the weight and bias of a name.</summary>
    public static Tensor LayerNorm(Weights weights, string name, Tensor x) =>
        F.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], 1e-6);

    /// <summary>Layer normalisation without affine, as the RAE applies it to the encoder's tokens (docs/method.md §2).</summary>
    public static Tensor PlainNorm(Tensor x) => F.layer_norm(x, [x.shape[^1]], null, null, 1e-6);

    /// <summary>x (1 + scale) + shift; shift and scale [B, width] for x [B, T, width], or one for each token.</summary>
    public static Dual Modulate(Dual x, Dual shift, Dual scale) => Dual.AddProduct(shift, x, scale + 1);

    /// <summary>
    /// softmax(q kᵀ / sqrt d) v over heads; q, k, v [B, heads, T, d] → [B, T, heads d]. Without tangents, a fused kernel computes it where
    /// the precision allows one.
    /// </summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Precision precision) => Attend((Dual)q, k, v, precision).Primal;

    /// <inheritdoc cref="Attend(Tensor, Tensor, Tensor, Precision)"/>
    public static Dual Attend(Dual q, Dual k, Dual v, Precision precision)
    {
        var shape = q.Primal.shape;
        if (q.Tangent is null && k.Tangent is null && v.Tangent is null && precision.Fuses(q.Primal))
        {
            return F.scaled_dot_product_attention(precision.Round(q.Primal), precision.Round(k.Primal), precision.Round(v.Primal))
                .transpose(1, 2).reshape(-1, shape[2], shape[1] * shape[3]);
        }

        var scores = q.MatMul(k.Map(x => x.transpose(-2, -1)), precision) * (1 / Math.Sqrt(shape[^1]));
        return scores.Softmax().MatMul(v, precision).Map(x => x.transpose(1, 2).reshape(-1, shape[2], shape[1] * shape[3]));
    }

    /// <summary>[B, T, 3 width] → q, k, v, each [B, heads, T, d].</summary>
    public static (Tensor Q, Tensor K, Tensor V) SplitHeads(Tensor qkv, long heads)
    {
        var (q, k, v) = SplitHeads((Dual)qkv, heads);
        return (q.Primal, k.Primal, v.Primal);
    }

    /// <inheritdoc cref="SplitHeads(Tensor, long)"/>
    public static (Dual Q, Dual K, Dual V) SplitHeads(Dual qkv, long heads)
    {
        var shape = qkv.Primal.shape;
        var parts = qkv.Parts(x => x.view(-1, shape[1], 3, heads, shape[2] / 3 / heads).permute(2, 0, 3, 1, 4).unbind(0));
        return (parts[0], parts[1], parts[2]);
    }
}

/// <summary>Fixed positions on a grid: sine-cosine embeddings and rotary angles (docs/method.md §2).</summary>
internal static class PositionEmbedding
{
    /// <summary>
    /// [1, rows · columns, width]: the first half of the channels encodes the column, the second the row; within a half
    /// sines, then cosines.
    /// </summary>
    public static Tensor SinCos(long rows, long columns, long width)
    {
        var omega = pow(10000, arange(width / 4, dtype: float64).div(-width / 4.0));
        Tensor Half(Tensor position)
        {
            var angle = outer(position, omega);
            return cat([angle.sin(), angle.cos()], 1);
        }
        var column = arange(columns, dtype: float64).repeat(rows);
        var row = arange(rows, dtype: float64).repeat_interleave(columns);
        return cat([Half(column), Half(row)], 1).to(float32).unsqueeze(0);
    }

    /// <summary>
    /// Rotary angles [rows · columns, headWidth]: the first half of the channels turns with the row, the second with the
    /// column; neighbours share a frequency.
    /// </summary>
    public static Tensor RotaryAngles(long rows, long columns, long headWidth)
    {
        var half = headWidth / 2;
        var frequency = pow(10000, arange(half / 2, dtype: float64).mul(-2.0 / half)).repeat_interleave(2);
        var row = arange(rows, dtype: float64).repeat_interleave(columns);
        var column = arange(columns, dtype: float64).repeat(rows);
        return cat([outer(row, frequency), outer(column, frequency)], 1);
    }

    /// <summary>Turns neighbouring channels (x0, x1) → (x0 cos - x1 sin, x1 cos + x0 sin); x [..., T, headWidth].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        long[] split = [.. x.shape[..^1], x.shape[^1] / 2, 2];
        var pairs = x.view(split).unbind(-1);
        var turned = stack([-pairs[1], pairs[0]], -1).view(x.shape);
        return addcmul(x * cos, turned, sin, 1);
    }

    private static Tensor pow(double b, Tensor exponent) => exp(exponent * Math.Log(b));
}

/// <summary>A pre-norm transformer block with GELU, shared by the encoder and the RAE decoder.</summary>
internal static class VitBlock
{
    public static void Declare(WeightSpec spec, string name, long width, long heads, double mlpRatio, long tokens)
    {
        var hidden = (long)(width * mlpRatio);
        spec.Norm(name + ".norm1", width);
        spec.Linear(name + ".attn.qkv", width, 3 * width, times: tokens);
        spec.Attention(tokens, width, heads);
        spec.Linear(name + ".attn.proj", width, width, times: tokens);
        spec.Norm(name + ".norm2", width);
        spec.Linear(name + ".mlp.fc1", width, hidden, times: tokens);
        spec.Linear(name + ".mlp.fc2", hidden, width, times: tokens);
    }

    /// <summary>[B, T, width] → the same. Intermediate tensors are disposed, so only one block at a time takes memory.</summary>
    public static Tensor Forward(Weights weights, string name, Tensor x, long heads)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Layers.SplitHeads(Layers.Linear(weights, name + ".attn.qkv", Layers.LayerNorm(weights, name + ".norm1", x)), heads);
        x = x + Layers.Linear(weights, name + ".attn.proj", Layers.Attend(q, k, v, weights.Precision));
        var hidden = F.gelu(Layers.Linear(weights, name + ".mlp.fc1", Layers.LayerNorm(weights, name + ".norm2", x)));
        return (x + Layers.Linear(weights, name + ".mlp.fc2", hidden)).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Self-attention with query, key and value as separate layers, under the Hugging Face names. The kernel is fused and has no second
/// derivative: networks with this layer cannot be differentiated twice.
/// </summary>
internal static class FrozenAttention
{
    public static void Declare(WeightSpec spec, string name, long width, long heads, long tokens)
    {
        foreach (var part in new[] { "query", "key", "value" })
            spec.Linear($"{name}.attention.attention.{part}", width, width, times: tokens);
        spec.Attention(tokens, width, heads);
        spec.Linear(name + ".attention.output.dense", width, width, times: tokens);
    }

    /// <summary>[B, T, width] → the same.</summary>
    public static Tensor Forward(Weights weights, string name, Tensor x, long heads)
    {
        Tensor Heads(string part) => F.linear(x, weights[$"{name}.attention.attention.{part}.weight"], weights[$"{name}.attention.attention.{part}.bias"])
            .view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
        var mixed = F.scaled_dot_product_attention(Heads("query"), Heads("key"), Heads("value"));
        return F.linear(mixed.transpose(1, 2).reshape(x.shape), weights[name + ".attention.output.dense.weight"],
            weights[name + ".attention.output.dense.bias"]);
    }
}
