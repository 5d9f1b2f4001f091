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

    [Theory]
    [InlineData(5, 1, "5 paired seeds and 1 comparison; *p = 0.0625, so no difference *takes 6 seeds.")]
    [InlineData(6, 1, "6 paired seeds and 1 comparison; *p = 0.0313, so a consistent difference can be shown.")]
    [InlineData(6, 4, "6 paired seeds and 4 comparisons; *after Holm is p = 0.125, so no difference *takes 8 seeds.")]
    [InlineData(8, 4, "8 paired seeds and 4 comparisons; *after Holm is p = 0.0313, so a consistent difference can be shown.")]
    [InlineData(1, 0, "nothing to compare.")]
    public void A_design_says_what_it_can_show_and_what_it_would_take(int pairs, int comparisons, string words) =>
        Power.Describe(pairs, comparisons).Should().Match("Power: " + words);
}
