using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class BootstrapTests
{
    /// <summary>
    /// Resamples of (0, 1) have means 0, ½, ½, 1; type-7 quantiles at .025 and .975 of four values lie at .075 and 2.925
    /// steps.
    /// </summary>
    [Fact]
    public void Few_values_are_enumerated()
    {
        var interval = Bootstrap.OfMean([0, 1]);

        interval.Low.Should().BeApproximately(0.0375, 1e-12);
        interval.High.Should().BeApproximately(0.9625, 1e-12);
    }

    [Fact]
    public void One_value_is_its_own_interval() => Bootstrap.OfMean([2.5]).Should().Be(new Interval(2.5, 2.5));

    [Fact]
    public void Many_values_are_drawn_and_a_seed_repeats_them()
    {
        double[] values = [.. Enumerable.Range(0, 40).Select(i => Math.Sin(i))];

        var interval = Bootstrap.OfMean(values, seed: 1);

        interval.Should().Be(Bootstrap.OfMean(values, seed: 1));
        interval.Should().NotBe(Bootstrap.OfMean(values, seed: 2));
    }

    /// <summary>For many values the interval approaches mean ± 1.96 sd / √n.</summary>
    [Fact]
    public void Drawn_intervals_have_the_width_of_the_normal_approximation()
    {
        double[] values = [.. Enumerable.Range(0, 200).Select(i => (double)(i % 2))];

        var interval = Bootstrap.OfMean(values);

        (interval.High - interval.Low).Should().BeApproximately(2 * 1.96 * 0.5 / Math.Sqrt(200), 0.01);
        interval.Contains(0.5).Should().BeTrue();
    }
}
