using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// A DiT block with RMSNorm, rotary attention, SwiGLU and adaLN-zero; the condition is one for the sample or one for each
/// token.
/// </summary>
internal static class DitBlock
{
    /// <param name="conditions">How many conditions a sample has: one, or one for each token.</param>
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
    public static Tensor Forward(Weights weights, string name, Tensor x, Tensor condition, long heads, (Tensor Cos, Tensor Sin) rotary)
    {
        // In this order: shift, scale and gate of the attention, then of the MLP.
        var m = Layers.Linear(weights, name + ".adaLN_modulation.1", F.silu(condition)).chunk(6, -1);
        var (q, k, v) = Layers.SplitHeads(
            Layers.Linear(weights, name + ".attn.qkv", Layers.Modulate(Layers.RmsNorm(weights, name + ".norm1", x), m[0], m[1])), heads);
        var mixed = Layers.Attend(
            PositionEmbedding.Rotate(q, rotary.Cos, rotary.Sin), PositionEmbedding.Rotate(k, rotary.Cos, rotary.Sin), v);
        x = addcmul(x, m[2], Layers.Linear(weights, name + ".attn.proj", mixed), 1);

        var halves = Layers.Linear(weights, name + ".mlp.w12",
            Layers.Modulate(Layers.RmsNorm(weights, name + ".norm2", x), m[3], m[4])).chunk(2, -1);
        return addcmul(x, m[5], Layers.Linear(weights, name + ".mlp.w3", F.silu(halves[0]) * halves[1]), 1);
    }
}
