using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Paths;

/// <summary>Importance weights of shifted times: the weighted expectation is that of uniform times (docs/method.md §1).</summary>
[Scoped]
public sealed class TimeReweightingTests
{
    private const int Points = 600;

    private static readonly Func<Tensor, Tensor, Tensor>[] Functions =
    [
        (r, t) => ones_like(t), (r, t) => r, (r, t) => t, (r, t) => (t - r).square(), (r, t) => (5 * t).sin() * (3 * r).cos(),
        (r, t) => t.log1p() / (1 + r),
    ];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(6.93, 1)]
    [InlineData(13.86, 1)]
    [InlineData(6.93, 0.8)]
    public void The_weighted_mean_over_shifted_times_is_the_mean_over_uniform_times(double shift, double high)
    {
        // The midpoint rule over both uniform numbers. Its error is of second order in 1/600, but of first order where `high` cuts.
        var tolerance = high == 1 ? 2e-4 * shift : 5e-3;
        foreach (var equal in new[] { 0, 1 })
        {
            var uniform = Pairs(1, high, "none", equal);
            var weighted = Pairs(shift, high, UniformTimeOptions.ToUniform, equal);
            uniform.Weight.Should().BeNull();
            foreach (var function in Functions)
            {
                var expected = function(uniform.R, uniform.T).mean().item<double>();
                (weighted.Weight! * function(weighted.R, weighted.T)).mean().item<double>().Should().BeApproximately(expected, tolerance);
            }
        }
    }

    [Fact]
    public void Weights_have_a_mean_of_one_and_are_at_most_the_square_of_the_shift()
    {
        var weight = Pairs(13.86, 1, UniformTimeOptions.ToUniform, 0).Weight!;

        weight.mean().item<double>().Should().BeApproximately(1, 1e-3);
        weight.max().item<double>().Should().BeLessThanOrEqualTo(13.86 * 13.86);
        weight.min().item<double>().Should().BeGreaterThanOrEqualTo(1 / (13.86 * 13.86));
    }

    [Fact]
    public void Weights_multiply_the_loss_of_each_sample_whatever_its_own_weight()
    {
        var difference = tensor(new float[] { 1, 1, 3, 3 }, [2, 1, 1, 2]);
        var time = tensor(new float[] { 2, 0.5f });

        LossWeight.Apply(new PlainLossWeightOptions(), difference, time).item<float>().Should().BeApproximately(((2 * 1) + (0.5f * 9)) / 2, 1e-6f);
        LossWeight.Apply(new AdaptiveLossWeightOptions(1, 1), difference, time).item<float>()
            .Should().BeApproximately(((2 * 0.5f) + (0.5f * 0.9f)) / 2, 1e-6f);
    }

    [Fact]
    public void The_shift_of_the_options_replaces_that_of_the_latents()
    {
        var shape = new LatentShape(768, 16, 16);
        TimeShift.For(new UniformTimeOptions(), shape).Scale.Should().Be(TimeShift.For(shape).Scale);
        TimeShift.For(new UniformTimeOptions(Shift: 1), shape).Scale.Should().Be(1);
        TimeShift.For(new LogitNormalTimeOptions(Shift: 13.86), shape).Scale.Should().Be(13.86);
    }

    [Fact]
    public void The_slope_is_the_derivative_of_the_shifted_time()
    {
        const double step = 1e-5;
        var (shift, t) = (new TimeShift(6.93), linspace(0.01, 0.99, 50, dtype: float64));
        var difference = (shift.Apply(t + step) - shift.Apply(t - step)) / (2 * step);
        (shift.Slope(t) - difference).abs().max().item<double>().Should().BeLessThan(1e-6);
    }

    // All pairs of midpoints; with r = t for a fraction of 1.
    private static TimePairs Pairs(double shift, double high, string reweight, double equalFraction)
    {
        var midpoints = (arange(Points, dtype: float64) + 0.5) / Points;
        var sampler = new TimeSampler(new UniformTimeOptions(high, shift, reweight), new TimeShift(shift), new RandomSource(0, CPU));
        var (first, second) = (midpoints.repeat_interleave(Points), midpoints.repeat(Points));
        return sampler.Pair(first, second, zeros_like(first), equalFraction);
    }
}
