using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

[Scoped]
public sealed class WeightsTests
{
    [Fact]
    public void Gradients_gather_in_one_vector()
    {
        using var weights = Create(out _);
        weights.Train();
        ((weights["a.weight"] * 3).sum() + (weights["a.bias"] * 5).sum()).backward();
        weights.Gradient!.data<float>().ToArray().Should().Equal(3, 3, 3, 3, 5, 5);
    }

    [Fact]
    public void A_change_of_the_flat_vector_is_a_change_of_the_tensors()
    {
        using var weights = Create(out _);
        weights.Flat.fill_(2);
        weights["a.weight"].data<float>().ToArray().Should().Equal(2, 2, 2, 2);
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_seed_others()
    {
        using var first = Create(out var spec);
        using var same = Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
        using var other = Weights.Initialise(spec, new RandomSource(1, CPU), CPU);
        same.Flat.data<float>().ToArray().Should().Equal(first.Flat.data<float>().ToArray());
        other.Flat.data<float>().ToArray().Should().NotEqual(first.Flat.data<float>().ToArray());
    }

    [Fact]
    public void Loading_names_a_tensor_of_another_shape()
    {
        using var folder = new TemporaryFolder();
        using var weights = Create(out var spec);
        Safetensors.Write(folder.File("w"), [("a.weight", zeros(3, 2)), ("a.bias", zeros(2)), ("fixed", zeros(1))]);
        FluentActions.Invoking(() => Weights.Load(spec, Safetensors.Read(folder.File("w")), CPU))
            .Should().Throw<LabException>().WithMessage("*'a.weight' is [3, 2] where the network has [2, 2]*");
    }

    [Fact]
    public void Loading_names_a_tensor_that_the_network_does_not_have()
    {
        using var folder = new TemporaryFolder();
        using var weights = Create(out var spec);
        Safetensors.Write(folder.File("w"), [("surplus", zeros(1))]);
        FluentActions.Invoking(() => Weights.Load(spec, Safetensors.Read(folder.File("w")), CPU))
            .Should().Throw<LabException>().WithMessage("*surplus*");
    }

    [Fact]
    public void Loading_passes_over_a_tensor_that_is_declared_unused()
    {
        using var folder = new TemporaryFolder();
        using var weights = Create(out var spec);
        spec.Unused("counter");
        Safetensors.Write(folder.File("w"), [("a.weight", ones(2, 2)), ("a.bias", zeros(2)), ("fixed", ones(1)), ("counter", zeros(1))]);
        using var loaded = Weights.Load(spec, Safetensors.Read(folder.File("w")), CPU);
        loaded.Flat.data<float>().ToArray().Should().Equal(1, 1, 1, 1, 0, 0);
    }

    private static Weights Create(out WeightSpec spec)
    {
        spec = new WeightSpec();
        spec.Linear("a", 2, 2);
        spec.Constant("fixed", [1], WeightSpec.Initial.One);
        return Weights.Initialise(spec, new RandomSource(0, CPU), CPU);
    }
}
