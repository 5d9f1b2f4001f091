using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Layers as functions of an input and of weights found by name; those over <see cref="Dual"/> carry a tangent where there is
/// one. They open no dispose scope.
/// </summary>
public static class Layers
{
    private const double RmsEpsilon = 1e-6;

    /// <summary>x [..., inputs] → [..., outputs].</summary>
    public static Tensor Linear(Weights weights, string name, Tensor x) => Linear(weights, name, (Dual)x).Primal;

    /// <inheritdoc cref="Linear(Weights, string, Tensor)"/>
    public static Dual Linear(Weights weights, string name, Dual x) => x.Linear(weights[name + ".weight"], weights[name + ".bias"], weights.Precision);

    /// <summary>x / sqrt(mean x² + 1e-6) · weight over the last dimension.</summary>
    public static Dual RmsNorm(Weights weights, string name, Dual x) => x.RmsNorm(weights[name + ".weight"], RmsEpsilon);

    public static Tensor LayerNorm(Weights weights, string name, Tensor x) =>
        F.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], 1e-6);

    /// <summary>Layer normalisation without affine: what the RAE applies to the encoder's tokens (docs/method.md §2).</summary>
    public static Tensor PlainNorm(Tensor x) => F.layer_norm(x, [x.shape[^1]], null, null, 1e-6);

    /// <summary>x (1 + scale) + shift; shift and scale [B, width] for x [B, T, width], or one for each token.</summary>
    public static Dual Modulate(Dual x, Dual shift, Dual scale) => Dual.AddProduct(shift, x, scale + 1);

    /// <summary>softmax(q kᵀ / sqrt d) v over heads; q, k, v [B, heads, T, d] → [B, T, heads d].</summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Precision precision) => Attend((Dual)q, k, v, precision).Primal;

    /// <inheritdoc cref="Attend(Tensor, Tensor, Tensor, Precision)"/>
    public static Dual Attend(Dual q, Dual k, Dual v, Precision precision)
    {
        var shape = q.Primal.shape;
        var scores = q.MatMul(k.Map(x => x.transpose(-2, -1)), precision) * (1 / Math.Sqrt(shape[^1]));
        return scores.Softmax().MatMul(v, precision).Map(x => x.transpose(1, 2).reshape(shape[0], shape[2], shape[1] * shape[3]));
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
        var parts = qkv.Parts(x => x.view(shape[0], shape[1], 3, heads, shape[2] / 3 / heads).permute(2, 0, 3, 1, 4).unbind(0));
        return (parts[0], parts[1], parts[2]);
    }
}
