using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Paths;

[Scoped]
public sealed class TimeShiftTests
{
    [Theory]
    [InlineData(768, 16, 6.93)]
    [InlineData(768, 32, 13.86)]
    [InlineData(96, 4, 1)]
    public void The_scale_follows_the_latent_dimension(long channels, long side, double expected) =>
        TimeShift.For(new LatentShape(channels, side, side)).Scale.Should().BeApproximately(expected, 0.005);

    [Fact]
    public void The_grid_runs_from_noise_to_data_and_bends_towards_noise()
    {
        var grid = new TimeShift(4).Grid(2);
        grid.Should().Equal(1, 0.8, 0);
    }

    [Fact]
    public void The_grid_may_end_before_data_and_the_end_is_shifted_too() =>
        new TimeShift(4).Grid(3, end: 0.25).Should().Equal(1, 4 * 0.75 / 3.25, 0.8, 4 * 0.25 / 1.75);

    [Fact]
    public void Pairs_are_sorted_and_equal_for_the_given_share()
    {
        var sampler = new TimeSampler(new UniformTimeOptions(), new TimeShift(1), new RandomSource(0, CPU));
        var (r, t) = sampler.Pair(0, 4000, 0.75);
        (r <= t).all().item<bool>().Should().BeTrue();
        ((double)(r == t).sum().item<long>() / 4000).Should().BeApproximately(0.75, 0.03);
    }

    [Fact]
    public void Times_do_not_depend_on_the_share_of_equal_ones()
    {
        var sampler = new TimeSampler(new LogitNormalTimeOptions(-0.4, 1), new TimeShift(2), new RandomSource(0, CPU));
        sampler.Pair(7, 5, 0.75).T.data<float>().ToArray().Should().Equal(sampler.Pair(7, 5, 0).T.data<float>().ToArray());
    }
}
