using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>Layers as functions of an input and of weights found by name. They open no dispose scope.</summary>
public static class Layers
{
    /// <summary>x [..., inputs] → [..., outputs].</summary>
    public static Tensor Linear(Weights weights, string name, Tensor x) => F.linear(x, weights[name + ".weight"], weights[name + ".bias"]);

    /// <summary>x / sqrt(mean x² + 1e-6) · weight over the last dimension.</summary>
    public static Tensor RmsNorm(Weights weights, string name, Tensor x) =>
        x * x.square().mean([-1], keepdim: true).add_(1e-6).rsqrt_() * weights[name + ".weight"];

    public static Tensor LayerNorm(Weights weights, string name, Tensor x) =>
        F.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], 1e-6);

    /// <summary>Layer normalisation without affine: what the RAE applies to the encoder's tokens (docs/method.md §2).</summary>
    public static Tensor PlainNorm(Tensor x) => F.layer_norm(x, [x.shape[^1]], null, null, 1e-6);

    /// <summary>x (1 + scale) + shift; shift and scale [B, width] for x [B, T, width], or one for each token.</summary>
    public static Tensor Modulate(Tensor x, Tensor shift, Tensor scale) => addcmul(shift, x, scale + 1, 1);

    /// <summary>softmax(q kᵀ / sqrt d) v over heads; q, k, v [B, heads, T, d] → [B, T, heads d].</summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v)
    {
        var scores = q.matmul(k.transpose(-2, -1)) * (1 / Math.Sqrt(q.shape[^1]));
        return F.softmax(scores, -1).matmul(v).transpose(1, 2).reshape(q.shape[0], q.shape[2], q.shape[1] * q.shape[3]);
    }

    /// <summary>[B, T, 3 width] → q, k, v, each [B, heads, T, d].</summary>
    public static (Tensor Q, Tensor K, Tensor V) SplitHeads(Tensor qkv, long heads)
    {
        var (batch, tokens, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3);
        var parts = qkv.view(batch, tokens, 3, heads, width / heads).permute(2, 0, 3, 1, 4).unbind(0);
        return (parts[0], parts[1], parts[2]);
    }
}
