using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

[Scoped]
public sealed class Dinov2EncoderTests
{
    private static readonly Dinov2Options Tiny = new(HiddenSize: 16, Layers: 1, Heads: 2, ImageSize: 12, PatchSize: 4, InputSize: 8);

    [Fact]
    public void The_default_is_the_base_model_with_registers()
    {
        var network = new Dinov2Encoder(new());
        var count = network.Declare().Entries.Sum(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent));
        // The checkpoint also has a mask token and a final affine norm, which the RAE does not use.
        count.Should().Be(86_583_552 - (3 * 768));
        network.Shape.Should().Be(new LatentShape(768, 16, 16));
    }

    [Fact]
    public void A_larger_input_gives_more_tokens_from_the_same_weights()
    {
        var (small, large) = (new Dinov2Encoder(new()), new Dinov2Encoder(new(InputSize: 448)));
        large.Shape.Should().Be(new LatentShape(768, 32, 32));
        large.Declare().Entries.Select(entry => (entry.Name, string.Join('x', entry.Shape)))
            .Should().Equal(small.Declare().Entries.Select(entry => (entry.Name, string.Join('x', entry.Shape))));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(20)]
    public void Tokens_are_normalised_for_every_input_size(int inputSize)
    {
        var network = new Dinov2Encoder(Tiny with { InputSize = inputSize });
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU);
        var latents = network.Encode(weights, new RandomSource(1, CPU).Uniform("image", 0, 2, 3, 10, 10));
        latents.shape.Should().Equal(2, 16, inputSize / 4, inputSize / 4);
        latents.mean([1]).abs().max().item<float>().Should().BeLessThan(1e-5f);
        (latents.square().mean([1]) - 1).abs().max().item<float>().Should().BeLessThan(1e-3f);
    }
}
