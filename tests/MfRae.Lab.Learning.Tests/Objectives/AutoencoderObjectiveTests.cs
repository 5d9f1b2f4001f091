using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

/// <summary>The loss of the KL autoencoder.</summary>
[Scoped]
public sealed class AutoencoderObjectiveTests
{
    private const int Batch = 4;

    private static readonly AutoencoderKlOptions Sizes = new([1, 2], 8, 1, 2, 4);
    private static readonly RandomSource Random = new(0, CPU);

    [Fact]
    public void The_loss_is_the_pixel_error_plus_the_weighted_divergence_per_pixel()
    {
        var (objective, encoder, decoder, weights) = Create(klWeight: 0.3, ScalarType.Float64);
        using var owned = objective;
        var (pixels, noise) = (Random.Uniform("pixels", 0, Batch, 1, 28, 28).to(float64), Random.Normal("noise", 0, Batch, 2, 14, 14).to(float64));
        using var quiet = no_grad();

        var value = objective.Evaluate(weights, pixels, noise);

        var posterior = encoder.Encode(weights, pixels, observe: null);
        var (mean, log) = (posterior.Mean, posterior.LogVariance);
        var error = (decoder.Decode(weights, mean + ((log / 2).exp() * noise)) - pixels).abs().mean();
        var divergence = (mean.square() + log.exp() - 1 - log).sum() / 2 / Batch / 784;
        value.Loss.item<double>().Should().BeApproximately((error + (0.3 * divergence)).item<double>(), 1e-12);
        value.Series.Select(series => series.Name).Should().Equal("loss.pixels", "loss.divergence");
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    public void Its_gradient_is_that_of_float64(int channels)
    {
        // libtorch computes some gradients of convolutions wrongly in float32, see the convolutions of the autoencoder.
        var expected = Gradient(ScalarType.Float64);
        full([Batch, channels, 28, 28], double.NaN).Dispose();
        var actual = Gradient(ScalarType.Float32);

        ((actual - expected).norm() / expected.norm()).item<double>().Should().BeLessThan(1e-3, "an absolute error has a gradient of either sign at zero");

        Tensor Gradient(ScalarType type)
        {
            var (objective, _, _, weights) = Create(klWeight: 0.1, type, channels);
            using var owned = objective;
            weights.Train();
            var (pixels, noise) = (Random.Uniform("pixels", 0, Batch, 1, 28, 28).to(type), Random.Normal("noise", 0, Batch, 2, 14, 14).to(type));
            objective.Evaluate(weights, pixels, noise).Loss.backward();
            return weights.Gradient!.to(float64);
        }
    }

    private static (AutoencoderObjective Objective, AutoencoderKlEncoder Encoder, AutoencoderKlDecoder Decoder, Weights Weights) Create(
        double klWeight, ScalarType type, int channels = 8)
    {
        var sizes = Sizes with { Channels = channels };
        var images = new LabeledImages(
            Random.Integers("images", 0, 256, 24, 1, 28, 28).to(uint8), arange(24, dtype: ScalarType.Int64).remainder(3));
        var (encoder, decoder) = (new AutoencoderKlEncoder(sizes, ImageShape.Mnist, 1), new AutoencoderKlDecoder(sizes, ImageShape.Mnist, 1));
        var objective = new AutoencoderObjective(new(sizes, new(3, Batch), klWeight), encoder, decoder, images, Random, CPU);
        return (objective, encoder, decoder, Weights.Initialise(objective.Declare(), Random, CPU, type));
    }
}
