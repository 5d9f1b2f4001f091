using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>Matrix products round both operands as their weights say, and nothing else.</summary>
[Scoped]
public sealed class PrecisionOfProductsTests
{
    private static readonly RandomSource Random = new(3, CPU);

    [Fact]
    public void A_linear_layer_multiplies_rounded_operands_of_value_and_tangent()
    {
        using var scope = NewDisposeScope();
        var spec = new WeightSpec();
        spec.Linear("layer", 24, 8);
        using var weights = Weights.Initialise(spec, Random, CPU);
        weights.Precision = Precision.BFloat16;
        var (x, tangent) = (Random.Normal("x", 0, 5, 24), Random.Normal("tangent", 0, 5, 24));

        var y = Layers.Linear(weights, "layer", new Dual(x, tangent));

        var kernel = Narrow(weights["layer.weight"]);
        Same(y.Primal, F.linear(Narrow(x), kernel, weights["layer.bias"]));
        Same(y.Tangent!, F.linear(Narrow(tangent), kernel));
        Same(Layers.Linear(weights, "layer", x), y.Primal);
    }

    [Fact]
    public void Attention_multiplies_rounded_operands()
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Random.Normal("q", 0, 2, 3, 4, 8), Random.Normal("k", 0, 2, 3, 4, 8), Random.Normal("v", 0, 2, 3, 4, 8));

        var mixed = Layers.Attend(q, k, v, Precision.BFloat16);

        var scores = Narrow(q).matmul(Narrow(k.transpose(-2, -1))) * (1 / Math.Sqrt(8));
        Same(mixed, Narrow(F.softmax(scores, -1)).matmul(Narrow(v)).transpose(1, 2).reshape(2, 4, 24));
    }

    [Fact]
    public void A_coarser_precision_moves_a_network_further()
    {
        using var scope = NewDisposeScope();
        var network = new DitNetwork(new DitOptions(16, 1, 2, 16, 1, 2, 2), new LatentShape(4, 2, 2), 3, interval: true);
        using var weights = Weights.Initialise(network.Declare(), Random, CPU);
        using (no_grad())
            weights.Flat.add_(Random.Normal("weights", 0, weights.Flat.shape) * 0.1);
        var (z, r, t) = (Random.Normal("z", 0, 6, 4, 2, 2), zeros(6), ones(6));
        var y = zeros(6, dtype: int64);
        Tensor With(Precision precision)
        {
            weights.Precision = precision;
            return network.AverageVelocity(weights, z, r, t, y);
        }
        double Distance(Precision precision) => (With(precision) - With(Precision.Full)).norm().item<float>();

        Distance(Precision.Tf32).Should().BeGreaterThan(0);
        Distance(Precision.BFloat16).Should().BeGreaterThan(3 * Distance(Precision.Tf32));
    }

    private static Tensor Narrow(Tensor x) => x.to(bfloat16).to_type(float32);

    // Sums of float32 products, which kernels may add up in another order; operands that are not rounded differ by 1e-2.
    private static void Same(Tensor actual, Tensor expected) => (actual - expected).abs().max().item<float>().Should().BeLessThan(1e-5f);
}
