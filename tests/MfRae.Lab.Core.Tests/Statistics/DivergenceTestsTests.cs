using FluentAssertions;
using MfRae.Lab.Core.Statistics;
using Xunit;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class DivergenceTestsTests
{
    /// <summary>Two-sided binomial probabilities: 2 Σ_{k ≤ min} C(n, k) / 2ⁿ.</summary>
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(6, 0, 0.03125)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(5, 1, 0.21875)]
    [InlineData(3, 3, 1)]
    [InlineData(10, 2, 2 * (1 + 12 + 66) / 4096.0)]
    public void McNemar_is_the_two_sided_binomial_test_of_discordant_seeds(int onlyFirst, int onlySecond, double expected) =>
        DivergenceTests.McNemar(onlyFirst, onlySecond).Should().BeApproximately(expected, 1e-12);

    [Fact]
    public void A_trend_in_every_seed_has_the_probability_of_all_extreme_orders()
    {
        // The only run that diverges is the one at the highest of three levels: one order of three in each seed, and as many at the other end.
        int[][] counts = [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]];
        DivergenceTests.Trend(counts).Should().BeApproximately(2 / 81.0, 1e-12);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 2, 2)]
    [InlineData(0, 3, 0)]
    public void Counts_without_a_trend_have_p_one(int first, int second, int third) =>
        DivergenceTests.Trend([[first, second, third], [first, second, third]]).Should().BeApproximately(1, 1e-12);

    [Fact]
    public void Two_levels_and_one_run_each_are_the_sign_test_of_McNemar()
    {
        int[][] counts = [[0, 1], [0, 1], [0, 1], [1, 0], [1, 1], [0, 0]];
        DivergenceTests.Trend(counts).Should().BeApproximately(DivergenceTests.McNemar(3, 1), 1e-12);
    }

    /// <summary>An independent enumeration of all orders of all seeds.</summary>
    [Fact]
    public void The_distribution_is_that_of_all_orders_of_all_seeds()
    {
        int[][] counts = [[0, 1, 2], [1, 0, 2], [0, 0, 1]];
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        var all =
            from a in orders
            from b in orders
            from c in orders
            select One(counts[0], a) + One(counts[1], b) + One(counts[2], c);
        var observed = counts.Sum(seed => seed[1] + (2 * seed[2]));
        var far = all.Count(sum => Math.Abs(sum - 7) >= Math.Abs(observed - 7));
        DivergenceTests.Trend(counts).Should().BeApproximately(far / 216.0, 1e-12);

        static int One(int[] seed, int[] order) => seed[order[1]] + (2 * seed[order[2]]);
    }

    [Fact]
    public void One_level_has_no_trend_to_test()
    {
        var act = () => DivergenceTests.Trend([[1]]);
        act.Should().Throw<ArgumentException>().WithMessage("*2 to 8 levels*");
    }
}
