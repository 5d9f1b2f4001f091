using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Self-attention with query, key and value as separate layers, as Hugging Face names them. The kernel is the fused one, which has no
/// second derivative: it is for networks that nobody trains through twice.
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
