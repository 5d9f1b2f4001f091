using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>Training with bfloat16 products: the products are narrow, and everything else is float32.</summary>
[Scoped]
public sealed class AutocastTests
{
    // 2^-8, the rounding of one operand to bfloat16. A gradient passes about a dozen roundings in sequence, which are independent:
    // its error is a few times this number.
    private const double OneRounding = 1.0 / 256;

    public static TheoryData<string> Estimators => ["jvp", "jvpDoubleBackward", "centralDifference", "forwardDifference"];

    [Fact]
    public void The_gradient_of_flow_matching_is_that_of_float32_up_to_the_rounding_of_operands()
    {
        using var scope = NewDisposeScope();
        var (full, _) = Gradient(Precision.Full);
        var (narrow, loss) = Gradient(Precision.Autocast);

        narrow.dtype.Should().Be(ScalarType.Float32);
        loss.dtype.Should().Be(ScalarType.Float32);
        var distance = ((narrow - full).norm() / full.norm()).item<float>();
        distance.Should().BeGreaterThan(0).And.BeLessThan((float)(4 * OneRounding));
    }

    [Fact]
    public void Products_are_bfloat16_and_the_output_of_a_network_is_not()
    {
        using var scope = NewDisposeScope();
        var (network, weights) = TinyLatents.Network(interval: false, 1);
        using var owned = weights;
        weights.Precision = Precision.Autocast;
        var x = new RandomSource(2, CPU).Normal("x", 0, 3, 16);

        Layers.Linear(weights, "blocks.0.attn.proj", new Dual(x, null)).Primal.dtype.Should().Be(ScalarType.BFloat16);
        Layers.Linear(weights, "blocks.0.attn.proj", x).dtype.Should().Be(ScalarType.Float32);
        network.Velocity(weights, zeros(2, 8, 2, 2), ones(2), zeros(2, dtype: int64)).dtype.Should().Be(ScalarType.Float32);
    }

    [Theory]
    [MemberData(nameof(Estimators))]
    public void An_estimate_of_the_derivative_has_the_bits_of_float32(string kind)
    {
        using var scope = NewDisposeScope();
        DerivativeOptions options = kind switch
        {
            "jvp" => new JvpOptions(),
            "jvpDoubleBackward" => new JvpDoubleBackwardOptions(),
            "centralDifference" => new CentralDifferenceOptions(),
            _ => new ForwardDifferenceOptions(),
        };
        var (network, weights) = TinyLatents.Network(interval: true, 3);
        using var owned = weights;
        var random = new RandomSource(4, CPU);
        var (z, w) = (random.Normal("z", 0, 4, 8, 2, 2), random.Normal("w", 0, 4, 8, 2, 2));
        var (r, t) = (tensor([0.1f, 0, 0.3f, 0.2f]), tensor([0.5f, 1, 0.9f, 0.6f]));
        var y = tensor(new long[] { 0, 1, 2, 3 });
        (Tensor U, Tensor Derivative) Evaluate(Precision precision, string name) =>
            IDerivative.Create(options, new TrainingOptions(1, Precision: name)).Evaluate(
                new NetworkVelocity(network, weights.With(precision), y), z, w, r, t);

        var full = Evaluate(Precision.Full, "float32");
        var narrow = Evaluate(Precision.Autocast, "bf16");

        (narrow.Derivative == full.Derivative).all().item<bool>().Should().BeTrue();
        ((narrow.U - full.U).norm() / full.U.norm()).item<float>().Should().BeInRange(1e-6f, (float)(4 * OneRounding));
    }

    [Fact]
    public void Samples_without_an_interval_have_a_derivative_of_zero()
    {
        using var scope = NewDisposeScope();
        var (network, weights) = TinyLatents.Network(interval: true, 3);
        using var owned = weights;
        weights.Precision = Precision.Autocast;
        var u = new NetworkVelocity(network, weights, zeros(2, dtype: int64));
        var z = new RandomSource(4, CPU).Normal("z", 0, 2, 8, 2, 2);

        var derivative = IDerivative.Create(new CentralDifferenceOptions(), new TrainingOptions(1, Precision: "bf16"))
            .Evaluate(u, z, z, tensor([0.5f, 0.1f]), tensor([0.5f, 0.4f])).Derivative;

        derivative[0].abs().max().item<float>().Should().Be(0);
        derivative[1].abs().max().item<float>().Should().BeGreaterThan(0);
    }

    private static (Tensor Gradient, Tensor Loss) Gradient(Precision precision)
    {
        using var batches = TinyLatents.Batches();
        var (network, weights) = TinyLatents.Network(interval: false, 5);
        using var owned = weights;
        weights.Precision = precision;
        weights.Train();
        var objective = new FlowMatchingObjective(
            new(TinyLatents.Sizes, new UniformTimeOptions(), new TrainingOptions(1, TinyLatents.Batch)), network, batches);
        var loss = objective.Evaluate(weights, 0).Loss;
        loss.backward();
        return (weights.Gradient!.clone(), loss);
    }
}
