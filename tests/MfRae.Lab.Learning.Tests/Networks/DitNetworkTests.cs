using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

[Scoped]
public sealed class DitNetworkTests
{
    private static readonly RandomSource Random = new(3, CPU);
    private static readonly Tensor Labels = tensor(new long[] { 0, 1, 3 }).DetachFromDisposeScope();

    [Fact]
    public void A_mean_flow_network_that_takes_over_a_teacher_starts_as_the_teacher()
    {
        var (teacher, teacherWeights) = TinyLatents.Network(interval: false, seed: 5);
        var network = teacher.WithInterval();
        var weights = Weights.Initialise(network.Declare(), Random, CPU);
        weights.CopyMatching(teacherWeights);
        var (z, t) = (Random.Normal("z", 0, 3, 8, 2, 2), Random.Uniform("t", 0, 3));
        var u = network.AverageVelocity(weights, z, t * 0.5, t, Labels);
        Largest(u - teacher.Velocity(teacherWeights, z, t, Labels)).Should().BeLessThan(1e-6);
    }

    [Fact]
    public void An_untrained_network_answers_zero()
    {
        var network = new DitNetwork(TinyLatents.Sizes, new LatentShape(8, 2, 2), 3, interval: true);
        var weights = Weights.Initialise(network.Declare(), Random, CPU);
        Largest(network.AverageVelocity(weights, Random.Normal("z", 0, 3, 8, 2, 2), zeros(3), ones(3), Labels)).Should().Be(0);
    }

    [Fact]
    public void A_tangent_leaves_the_bits_of_the_value_alone()
    {
        var (network, weights) = TinyLatents.Network(interval: true, seed: 5);
        var (z, r, t) = (Random.Normal("z", 0, 3, 8, 2, 2), zeros(3), Random.Uniform("t", 0, 3));
        var plain = network.AverageVelocity(weights, z, r, t, Labels);
        var dual = network.AverageVelocity(weights, new Dual(z, ones_like(z)), r, new Dual(t, ones_like(t)), Labels);
        (dual.Primal == plain).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void Values_without_tangent_have_no_tangent()
    {
        var (network, weights) = TinyLatents.Network(interval: true, seed: 5);
        Dual z = Random.Normal("z", 0, 3, 8, 2, 2);
        network.AverageVelocity(weights, z, zeros(3), ones(3), Labels).Tangent.Should().BeNull();
    }

    private static double Largest(Tensor difference) => difference.abs().max().item<float>();
}
