using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Networks;

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

    /// <summary>[B, T, width] → the same. Intermediate tensors are disposed of, so only one of several blocks holds memory.</summary>
    public static Tensor Forward(Weights weights, string name, Tensor x, long heads)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Layers.SplitHeads(Layers.Linear(weights, name + ".attn.qkv", Layers.LayerNorm(weights, name + ".norm1", x)), heads);
        x = x + Layers.Linear(weights, name + ".attn.proj", Layers.Attend(q, k, v, weights.Precision));
        var hidden = F.gelu(Layers.Linear(weights, name + ".mlp.fc1", Layers.LayerNorm(weights, name + ".norm2", x)));
        return (x + Layers.Linear(weights, name + ".mlp.fc2", hidden)).MoveToOuterDisposeScope();
    }
}
