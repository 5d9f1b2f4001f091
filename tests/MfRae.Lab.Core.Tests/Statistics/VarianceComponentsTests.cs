using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class VarianceComponentsTests
{
    private const double Rounding = 1e-12;

    [Fact]
    public void Balanced_data_give_the_textbook_estimates()
    {
        // Three runs of two sets: means 2, 5, 11 and mean 6. Between: 2 · (16 + 1 + 25) / 2 = 42. Within: (2 + 2 + 8) / 3 = 4.
        var found = VarianceComponents.Of([[[1, 3], [4, 6], [9, 13]]])!;

        found.Runs.Should().Be(3);
        found.Sets.Should().BeApproximately(2, Rounding);
        found.Within.Should().BeApproximately(4, Rounding);
        found.Between.Should().BeApproximately((42 - 4) / 2.0, Rounding);
        found.OfRun(4).Should().BeApproximately(19 + 1, Rounding);
    }

    [Fact]
    public void Means_of_arms_may_differ()
    {
        var one = VarianceComponents.Of([[[1, 3], [4, 6], [9, 13]]])!;
        var two = VarianceComponents.Of([[[1, 3], [4, 6], [9, 13]], [[101, 103], [104, 106], [109, 113]]])!;

        two.Within.Should().BeApproximately(one.Within, Rounding);
        two.Between.Should().BeApproximately(one.Between, 1e-9);
        two.Runs.Should().Be(6);
    }

    [Fact]
    public void Runs_may_have_different_numbers_of_sets()
    {
        // Means 2 and 7 of 3 and 1 values, mean 3.25: between 3 · 1.5625 + 14.0625 = 18.75, within (1 + 0 + 1) / 2 = 1, n0 = 4 - 10 / 4 = 1.5.
        var found = VarianceComponents.Of([[[1, 2, 3], [7]]])!;

        found.Sets.Should().BeApproximately(1.5, Rounding);
        found.Between.Should().BeApproximately(17.75 / 1.5, Rounding);
    }

    [Fact]
    public void A_negative_estimate_is_zero() => VarianceComponents.Of([[[0, 2], [0, 2]]])!.Between.Should().Be(0);

    [Fact]
    public void One_run_or_one_set_is_not_enough()
    {
        VarianceComponents.Of([[[1, 2, 3]]]).Should().BeNull();
        VarianceComponents.Of([[[1], [2]]]).Should().BeNull();
        VarianceComponents.Of([]).Should().BeNull();
    }
}
