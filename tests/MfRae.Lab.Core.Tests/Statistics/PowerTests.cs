using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class PowerTests
{
    [Theory]
    [InlineData(1, 6)]
    [InlineData(2, 7)]
    [InlineData(3, 7)]
    [InlineData(4, 8)]
    public void More_arms_need_more_seeds(int comparisons, int seeds) => Power.SeedsNeeded(comparisons).Should().Be(seeds);

    [Fact]
    public void Five_seeds_never_reach_significance() => Power.SmallestPValues([5]).Should().Equal(0.0625);

    [Fact]
    public void An_arm_with_fewer_seeds_comes_last_in_the_family() =>
        Power.SmallestPValues([10, 10, 10, 6]).Should().Equal(4 * 2 / 1024d, 4 * 2 / 1024d, 4 * 2 / 1024d, 2 / 64d);
}
