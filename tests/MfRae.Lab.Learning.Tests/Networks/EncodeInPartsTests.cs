using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

[Scoped]
public sealed class EncodeInPartsTests
{
    private static readonly RandomSource Random = new(4, CPU);

    [Fact]
    public void A_batch_of_small_images_is_one_part_and_gives_the_bits_of_one_call()
    {
        // The shipped encoder's sizes, and the largest batch that goes through it.
        var (encoder, weights) = Encoder(new VitOptions(96, 5, 4), ImageShape.Mnist);
        using var loaded = weights;
        using var quiet = no_grad();
        var pixels = Random.Normal("pixels", 0, 500, 1, 28, 28);

        (encoder.EncodeInParts(weights, pixels) == encoder.Encode(weights, pixels)).all().item<bool>().Should().BeTrue();
        (500 * encoder.LargestTensor).Should().BeLessThan(1L << 25, "else it would be cut");
    }

    [Fact]
    public void A_batch_of_large_images_gives_the_same_latents_part_by_part()
    {
        var (encoder, weights) = Encoder(new VitOptions(24, 1, 4), new ImageShape(3, 256, 256));
        using var loaded = weights;
        using var quiet = no_grad();
        const int count = 11;
        encoder.LargestTensor.Should().Be(4 * 1024 * 1024, "attention between 1024 tokens by 4 heads");
        var pixels = Random.Normal("pixels", 0, count, 3, 256, 256);

        var parts = encoder.EncodeInParts(weights, pixels);
        parts.shape.Should().Equal(count, 24, 32, 32);
        // Kernels may split another number of images in another way; values have deviation 1.
        (parts - encoder.Encode(weights, pixels)).abs().max().item<float>().Should().BeLessThan(1e-4f);
    }

    [Fact]
    public void Nothing_but_the_latents_is_left()
    {
        var (encoder, weights) = Encoder(new VitOptions(24, 2, 2), new ImageShape(1, 64, 64));
        using var loaded = weights;
        var pixels = Random.Normal("pixels", 0, 3, 1, 64, 64);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        encoder.EncodeInParts(weights, pixels);

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before + 1);
    }

    private static (VitEncoder Encoder, Weights Weights) Encoder(VitOptions options, ImageShape image)
    {
        var encoder = new VitEncoder(options, image);
        return (encoder, Weights.Initialise(encoder.Declare(), Random, CPU));
    }
}
