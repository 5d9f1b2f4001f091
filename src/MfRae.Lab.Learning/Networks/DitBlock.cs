using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// A DiT block with RMSNorm, rotary attention, SwiGLU and adaLN-zero; the condition is one for the sample or one for each
/// token.
/// </summary>
internal static class DitBlock
{
    public static void Declare(WeightSpec spec, string name, long width, double mlpRatio)
    {
        var hidden = 2 * (long)(width * mlpRatio) / 3;
        spec.Parameter(name + ".norm1.weight", [width], WeightSpec.Initial.One);
        spec.Parameter(name + ".norm2.weight", [width], WeightSpec.Initial.One);
        spec.Linear(name + ".attn.qkv", width, 3 * width);
        spec.Linear(name + ".attn.proj", width, width);
        spec.Linear(name + ".mlp.w12", width, 2 * hidden);
        spec.Linear(name + ".mlp.w3", hidden, width);
        spec.Linear(name + ".adaLN_modulation.1", width, 6 * width, WeightSpec.Initial.Zero);
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
