using MfRae.Lab.Reporting.Charts;

namespace MfRae.Lab.Reporting.Tests.Charts;

public sealed class ScaleTests
{
    [Fact]
    public void Linear_ticks_are_multiples_of_one_two_or_five() =>
        Tick.Linear(0.13, 1.27, 6).Select(tick => tick.Label).Should().Equal("0.2", "0.4", "0.6", "0.8", "1.0", "1.2");

    [Fact]
    public void Ticks_keep_their_sign_and_separators() =>
        Tick.Linear(-4_000, 4_000, 4).Select(tick => tick.Label).Should().Equal("−4,000", "−2,000", "0", "2,000", "4,000");

    [Theory]
    [InlineData(0, 12_000, "0", "5k", "10k")]
    [InlineData(0, 2_000_000, "0", "0.5M", "1.0M", "1.5M", "2.0M")]
    [InlineData(1_000_000, 1_000_012, "1,000,000", "1,000,005", "1,000,010")]
    public void The_ticks_of_an_axis_have_one_unit(double low, double high, params string[] labels) =>
        Tick.Linear(low, high, 3).Select(tick => tick.Label).Should().Equal(labels);

    [Fact]
    public void Logarithmic_ticks_turn_to_thousands_and_millions() =>
        Tick.Logarithmic(100, 1e9, 10).Select(tick => tick.Label).Should().Equal("100", "1,000", "10k", "100k", "1M", "10M", "100M", "1e9");

    [Fact]
    public void Zero_among_tiny_ticks_is_a_plain_zero() =>
        Tick.Linear(-1e-14, 1e-14, 4).Select(tick => tick.Label).Should().Equal("−1e−14", "−5e−15", "0", "5e−15", "1e−14");

    [Fact]
    public void Logarithmic_ticks_are_powers_of_ten() =>
        Tick.Logarithmic(0.001, 1_000, 7).Select(tick => tick.Label).Should().Equal("0.001", "0.01", "0.1", "1", "10", "100", "1,000");

    [Fact]
    public void Values_far_apart_get_a_logarithmic_axis_and_negative_ones_never()
    {
        Scale.Over([1, 100], 0, 1).Log.Should().BeTrue();
        Scale.Over([1, 10], 0, 1).Log.Should().BeFalse();
        Scale.Over([1, 10], 0, 1, log: true).Log.Should().BeTrue();
        Scale.Over([-1, 100], 0, 1, log: true).Log.Should().BeFalse();
    }

    [Fact]
    public void A_logarithmic_axis_maps_equal_ratios_to_equal_lengths()
    {
        var scale = new Scale(1, 100, 0, 200, true);

        scale.Map(10).Should().BeApproximately(100, 1e-9);
        scale.Map(100).Should().BeApproximately(200, 1e-9);
    }

    [Fact]
    public void An_axis_of_one_value_has_room_around_it()
    {
        var scale = Scale.Over([5], 0, 100);

        scale.Map(5).Should().BeApproximately(50, 1e-9);
    }

    [Theory]
    [InlineData(0.985, 0.9850000000000001)]
    [InlineData(-7e300, -6.9999999999999999e300)]
    [InlineData(1e-300, 1.0000000000000002e-300)]
    public void Values_that_rounding_alone_tells_apart_are_one_value(double one, double other)
    {
        var axis = Scale.Over([one, other], 0, 100);

        axis.Ticks().Should().HaveCountLessThan(20);
        (axis.High - axis.Low).Should().BeGreaterThan(0);
        axis.Map(one).Should().BeInRange(0, 100);
    }

    [Fact]
    public void Steps_below_the_rounding_of_the_values_end()
    {
        Tick.Linear(1, 1.0000000000000002, 6).Should().HaveCountLessThan(20);
        Tick.Linear(0, double.PositiveInfinity, 6).Should().HaveCountLessThan(20);
    }
}
