using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Paths;

[Scoped]
public sealed class TimeDistributionTests
{
    private static readonly Tensor Uniform = new RandomSource(0, CPU).Uniform("times", 0, 20_000).DetachFromDisposeScope();

    [Fact]
    public void Uniform_times_end_where_they_are_told()
    {
        var times = TimeDistribution.FromUniform(new UniformTimeOptions(0.4), Uniform);
        times.max().item<float>().Should().BeInRange(0.399f, 0.4f);
        (TimeDistribution.FromUniform(new UniformTimeOptions(), Uniform) == Uniform).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void The_logit_of_logit_normal_times_has_the_given_mean_and_deviation()
    {
        var logit = TimeDistribution.FromUniform(new LogitNormalTimeOptions(-0.4, 1.3), Uniform).logit();
        logit.mean().item<float>().Should().BeApproximately(-0.4f, 0.03f);
        logit.std().item<float>().Should().BeApproximately(1.3f, 0.03f);
    }

    [Fact]
    public void A_truncated_distribution_is_the_whole_one_given_the_interval()
    {
        var whole = TimeDistribution.FromUniform(new LogitNormalTimeOptions(0.5, 1), Uniform);
        var cut = TimeDistribution.FromUniform(new LogitNormalTimeOptions(0.5, 1, 0.3, 0.7), Uniform);
        cut.min().item<float>().Should().BeInRange(0.3f, 0.301f);
        cut.max().item<float>().Should().BeInRange(0.699f, 0.7f);
        var given = whole[(whole >= 0.3).logical_and(whole <= 0.7)];
        cut.mean().item<float>().Should().BeApproximately(given.mean().item<float>(), 0.003f);
        cut.std().item<float>().Should().BeApproximately(given.std().item<float>(), 0.003f);
    }

    [Fact]
    public void The_median_is_that_of_the_normal_distribution_and_the_ends_stay_in_range()
    {
        var times = TimeDistribution.FromUniform(new LogitNormalTimeOptions(-0.4, 1), tensor(new[] { 0.0, 0.5, 1 - 1e-16 }));
        times[1].item<double>().Should().BeApproximately(1 / (1 + Math.Exp(0.4)), 1e-14);
        times[0].item<double>().Should().Be(0);
        times[2].item<double>().Should().BeInRange(0.99, 1);
    }
}
