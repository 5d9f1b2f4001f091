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
    public void An_arm_with_fewer_seeds_is_last_in_the_family() =>
        Power.SmallestPValues([10, 10, 10, 6]).Should().Equal(4 * 2 / 1024d, 4 * 2 / 1024d, 4 * 2 / 1024d, 2 / 64d);

    [Theory]
    [InlineData(5, 1, "With 5 seeds and 1 comparison no difference can be significant (smallest possible p = 0.0625). Run 6 seeds.")]
    [InlineData(6, 1, "With 6 seeds and 1 comparison a consistent difference can be significant (smallest possible p = 0.0313).")]
    [InlineData(6, 4, "With 6 seeds and 4 comparisons no difference can be significant (smallest possible p = 0.125). Run 8 seeds.")]
    [InlineData(8, 4, "With 8 seeds and 4 comparisons a consistent difference can be significant (smallest possible p = 0.0313).")]
    [InlineData(1, 0, "There are no arms to compare with the baseline.")]
    public void A_design_states_its_power_and_the_seeds_it_needs(int pairs, int comparisons, string words) =>
        Power.Describe(pairs, comparisons).Should().Be(words);
}
