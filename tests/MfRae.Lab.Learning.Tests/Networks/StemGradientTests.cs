using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Networks;

/// <summary>The gradient of the encoder by its pixels, through which a decoder learns the encoder's tokens.</summary>
[Scoped]
public sealed class StemGradientTests
{
    [Theory]
    [InlineData(24)]
    [InlineData(48)]
    [InlineData(96)]
    public void The_gradient_by_the_pixels_is_that_of_float64(int width)
    {
        var encoder = new VitEncoder(new VitOptions(Width: width, Depth: 1, Heads: 2));
        using var weights = Weights.Initialise(encoder.Declare(), new RandomSource(0, CPU), CPU);
        using var precise = Weights.Initialise(encoder.Declare(), new RandomSource(0, CPU), CPU, ScalarType.Float64);
        var pixels = new RandomSource(1, CPU).Normal("pixels", 0, 8, 1, 28, 28);
        var direction = new RandomSource(2, CPU).Normal("direction", 0, 8, width, 4, 4);
        var expected = Gradient(precise, ScalarType.Float64);

        // Freed memory with other content shows a gradient that was not written everywhere.
        for (var time = 0; time < 10; time++)
        {
            full([8, width, 28, 28], double.NaN).Dispose();
            var difference = Gradient(weights, ScalarType.Float32).to(float64) - expected;
            (difference.norm() / expected.norm()).item<double>().Should().BeLessThan(1e-5);
        }

        Tensor Gradient(Weights given, ScalarType type)
        {
            using var scope = NewDisposeScope();
            using var graph = enable_grad();
            var x = pixels.to(type).clone().requires_grad_(true);
            (encoder.Encode(given, x) * direction.to(type)).sum().backward();
            return x.grad!.clone().MoveToOuterDisposeScope();
        }
    }
}
