using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class SignFlipTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0.5)]
    [InlineData(5, 0.0625)]
    [InlineData(6, 0.03125)]
    public void Equal_signs_reach_the_smallest_value(int pairs, double expected)
    {
        SignFlip.PValue([.. Enumerable.Range(1, pairs).Select(i => -0.1 * i)]).Should().Be(expected);
        SignFlip.SmallestPValue(pairs).Should().Be(expected);
    }

    /// <summary>Of the eight sums ±1 ±2 ±4, those at least |1 + 2 - 4| = 1 in size are all.</summary>
    [Fact]
    public void The_smallest_statistic_has_a_value_of_one() => SignFlip.PValue([1, 2, -4]).Should().Be(1);

    /// <summary>|-1 + 2 + 4| = 5; of the eight sums ±7, ±5, ±3, ±1 four are at least that.</summary>
    [Fact]
    public void Assignments_at_least_as_extreme_are_counted_on_both_sides() => SignFlip.PValue([-1, 2, 4]).Should().Be(0.5);

    [Fact]
    public void Equal_differences_tie_in_spite_of_rounding() => SignFlip.PValue([0.1, 0.2, 0.3, 0.3, 0.2, 0.1]).Should().Be(2d / 64);

    [Fact]
    public void No_differences_show_nothing() => SignFlip.PValue([0, 0, 0, 0, 0, 0]).Should().Be(1);

    /// <summary>With 17 pairs, 14 of one size against 3: P(at most 3 of 17 flips, either side) = 2 · 834 / 2¹⁷.</summary>
    [Fact]
    public void Beyond_the_exact_range_draws_approach_the_binomial()
    {
        double[] differences = [.. Enumerable.Range(0, 17).Select(i => i < 3 ? -1d : 1d)];

        SignFlip.PValue(differences).Should().BeApproximately(2 * 834 / Math.Pow(2, 17), 0.002);
        SignFlip.PValue(differences).Should().Be(SignFlip.PValue(differences));
    }

    [Fact]
    public void Values_are_those_of_all_sign_assignments_one_by_one()
    {
        var random = new Random(4);
        for (var pairs = 1; pairs <= 10; pairs++)
        {
            double[] differences = [.. Enumerable.Range(0, pairs).Select(_ => Math.Round((random.NextDouble() - 0.4) * 8))];

            SignFlip.PValue(differences).Should().Be(Fraction(differences, 0, 0, Math.Abs(differences.Sum())));
        }
    }

    /// <summary>Of the assignments of signs to the differences from a place on, the fraction whose sum is at least as far from 0.</summary>
    private static double Fraction(double[] differences, int place, double sum, double least) => place == differences.Length
        ? (Math.Abs(sum) >= least ? 1 : 0)
        : (Fraction(differences, place + 1, sum + differences[place], least)
            + Fraction(differences, place + 1, sum - differences[place], least)) / 2;
}
