using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>Attention over many tokens uses the fused kernel where no tangent and no second derivative is taken.</summary>
[Scoped]
public sealed class FusedAttentionTests
{
    private const int Enough = 256;

    // Sums of up to 256 float32 products, added in another order.
    private const double Rounding = 1e-5;

    private static readonly RandomSource Random = new(11, CPU);

    [Fact]
    public void Value_and_gradient_are_those_of_the_separate_products()
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Leaf("q", Enough), Leaf("k", Enough), Leaf("v", Enough));

        var (fused, byFused) = Attend(q, k, v, Precision.Full);
        var (separate, bySeparate) = Attend(q, k, v, Precision.TwiceDifferentiable);

        Distance(fused, separate).Should().BeLessThan(Rounding);
        foreach (var (actual, expected) in byFused.Zip(bySeparate))
            Distance(actual, expected).Should().BeLessThan(Rounding);
        Graph(q, k, v, Precision.Full).Should().NotContain("Softmax");
        Graph(q, k, v, Precision.TwiceDifferentiable).Should().Contain("Softmax");
    }

    [Fact]
    public void Few_tokens_on_a_CPU_keep_the_bits_of_separate_products()
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Leaf("q", 64), Leaf("k", 64), Leaf("v", 64));

        (Layers.Attend(q, k, v, Precision.Full) == Formula(q, k, v)).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_tangent_is_carried_through_separate_products()
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Random.Normal("q", 0, 1, 2, Enough, 8), Random.Normal("k", 0, 1, 2, Enough, 8), Random.Normal("v", 0, 1, 2, Enough, 8));
        var direction = Random.Normal("direction", 0, 1, 2, Enough, 8);

        var mixed = Layers.Attend(new Dual(q, direction), k, v, Precision.Full);

        // A central difference in float64 is exact to 1e-8.
        Tensor At(double step) => Formula(q.to(float64) + (step * direction.to(float64)), k.to(float64), v.to(float64));
        Distance(mixed.Tangent!.to(float64), (At(1e-5) - At(-1e-5)) / 2e-5).Should().BeLessThan(Rounding);
    }

    [Fact]
    public void A_network_with_many_tokens_can_be_differentiated_twice()
    {
        using var scope = NewDisposeScope();
        var network = new DitNetwork(new DitOptions(8, 1, 2, 8, 1, 2, 2), new LatentShape(4, 16, 16), 3, interval: true);
        using var weights = Weights.Initialise(network.Declare(), Random, CPU, ScalarType.Float64);
        using (no_grad())
            weights.Flat.add_(Random.Normal("perturb", 0, weights.Flat.shape) * 0.2);
        var (z, w) = (Random.Normal("z", 0, 2, 4, 16, 16).to(float64), Random.Normal("w", 0, 2, 4, 16, 16).to(float64));
        var (r, t) = (tensor([0.1, 0.2]), tensor([0.6, 0.9]));
        var u = new NetworkVelocity(network, weights, tensor(new long[] { 0, 1 }));

        var twice = IDerivative.Create(new JvpDoubleBackwardOptions()).Evaluate(u, z, w, r, t).Derivative;
        var forward = IDerivative.Create(new JvpOptions()).Evaluate(u, z, w, r, t).Derivative;

        Distance(twice, forward).Should().BeLessThan(1e-11);
    }

    private static Tensor Leaf(string name, long tokens) => Random.Normal(name, 0, 2, 3, tokens, 8).requires_grad_(true);

    private static Tensor Formula(Tensor q, Tensor k, Tensor v) => F.softmax(q.matmul(k.transpose(-2, -1)) * (1 / Math.Sqrt(8)), -1)
        .matmul(v).transpose(1, 2).reshape(q.size(0), q.size(2), -1);

    private static (Tensor Value, Tensor[] Gradients) Attend(Tensor q, Tensor k, Tensor v, Precision precision)
    {
        var mixed = Layers.Attend(q, k, v, precision);
        return (mixed, [.. autograd.grad([mixed.square().sum()], [q, k, v])]);
    }

    // The softmax of separate products is a node of the graph; a fused kernel has one node for all operations.
    private static string Graph(Tensor q, Tensor k, Tensor v, Precision precision)
    {
        using var scope = NewDisposeScope();
        var statistics = DisposeScopeManager.Statistics;
        var before = statistics.CreatedInScopeCount;
        _ = Layers.Attend(q, k, v, precision);
        return statistics.CreatedInScopeCount - before > 4 ? "Softmax" : "fused";
    }

    private static double Distance(Tensor actual, Tensor expected) => ((actual - expected).norm() / expected.norm()).to(float64).item<double>();
}
