using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class BootstrapTests
{
    /// <summary>
    /// Resamples of three values: 27 means, of which the least and the largest occur once. Student's t for two degrees of freedom is 4.3027,
    /// and Φ(-4.3027 √(3/2)) = 6.8e-8, so the interval ends 1.8e-6 of the way from the first mean to the second.
    /// </summary>
    [Fact]
    public void Few_values_are_enumerated()
    {
        var interval = Bootstrap.OfMean([0, 3, 6]);

        interval.Low.Should().BeApproximately(26 * 6.83e-8, 1e-8);
        interval.High.Should().BeApproximately(6 - (26 * 6.83e-8), 1e-8);
    }

    /// <summary>Five hundred experiments of n seeds, whose true mean is known, of normal and of skewed noise.</summary>
    [Theory]
    [InlineData(6, false)]
    [InlineData(8, false)]
    [InlineData(16, false)]
    [InlineData(16, true)]
    public void The_interval_contains_the_true_mean_as_often_as_its_level_states(int count, bool skewed)
    {
        const int experiments = 500;
        var random = new Random(count);
        var held = Enumerable.Range(0, experiments).Count(_ =>
        {
            var values = Enumerable.Range(0, count).Select(_ => skewed ? -Math.Log(1 - random.NextDouble()) - 1 : Normal(random)).ToList();
            return Bootstrap.OfMean(values).Contains(0);
        });

        (held / (double)experiments).Should().BeInRange(skewed ? 0.90 : 0.92, 0.98);
    }

    [Fact]
    public void Resamples_are_those_of_every_order()
    {
        double[] values = [0.3, -1, 2, 0.3, 5];
        var means = new List<double>();
        for (var code = 0; code < Math.Pow(5, 5); code++)
        {
            means.Add(Enumerable.Range(0, 5).Sum(place => values[code / (int)Math.Pow(5, place) % 5]) / 5);
        }

        means.Sort();
        var tail = MathNet.Numerics.Distributions.Normal.CDF(0, 1, -Math.Sqrt(5 / 4d) * StudentT.InvCDF(0, 1, 4, 0.9));

        var interval = Bootstrap.OfMean(values, level: 0.8);

        interval.Low.Should().BeApproximately(Bootstrap.Quantile([.. means], tail), 1e-12);
        interval.High.Should().BeApproximately(Bootstrap.Quantile([.. means], 1 - tail), 1e-12);
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

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
