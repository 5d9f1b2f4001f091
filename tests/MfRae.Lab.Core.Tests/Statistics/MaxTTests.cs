using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class MaxTTests
{
    [Theory]
    [InlineData(5, 0.0625)]
    [InlineData(6, 0.03125)]
    [InlineData(8, 0.0078125)]
    public void Values_that_agree_give_the_smallest_p_of_their_number(int seeds, double expected)
    {
        var test = new MaxT([new([.. Enumerable.Range(1, seeds).Select(i => -0.1 * i)])]).Of(0);

        test.PValue.Should().Be(expected);
        test.Smallest.Should().Be(expected);
        MaxT.SmallestPValue(seeds).Should().Be(expected);
    }

    [Fact]
    public void Six_seeds_decide_four_contrasts_with_a_common_baseline()
    {
        double[] baseline = [0.3, -0.2, 0.1, 0.4, -0.3, 0.2];
        var test = new MaxT([.. Enumerable.Range(1, 4).Select(k =>
            new ContrastValues([.. baseline.Select((noise, seed) => -k - noise + (0.01 * (seed + k) % 0.03))]))]);

        Enumerable.Range(0, 4).Select(k => test.Of(k).PValue).Should().OnlyContain(p => p == 2 / 64d);
    }

    [Fact]
    public void One_contrast_of_six_seeds_has_its_extremes_as_interval()
    {
        var test = new MaxT([new([0.5, 0.1, 0.9, 0.4, 0.2, 0.3])]).Of(0);

        test.Interval!.Value.Low.Should().BeApproximately(0.1, 1e-12, "p is 2/64 beyond the smallest value");
        test.Interval.Value.High.Should().BeApproximately(0.9, 1e-12);
        test.Within.Should().BeNull("no margin is given");
    }

    [Fact]
    public void Five_seeds_have_no_interval_but_can_be_equivalent()
    {
        var test = new MaxT([new([0.01, -0.01, 0.005, 0.002, -0.004], 0.03)]).Of(0);

        test.Interval.Should().BeNull();
        test.Inside.Should().Be(1 / 32d);
        test.Beyond.Should().Be(1, "the mean is within the margin");
    }

    [Fact]
    public void No_differences_show_nothing()
    {
        var test = new MaxT([new([0, 0, 0, 0, 0, 0], 0.03)]).Of(0);

        test.PValue.Should().Be(1);
        test.Inside.Should().Be(1 / 64d);
        test.Interval.Should().Be(new Interval(0, 0));
    }

    [Fact]
    public void Equal_values_tie_in_spite_of_rounding() =>
        new MaxT([new([0.1, 0.2, 0.3, 0.3, 0.2, 0.1])]).Of(0).PValue.Should().Be(2 / 64d);

    [Fact]
    public void P_values_are_those_of_all_sign_assignments_one_by_one()
    {
        var noise = new NormalNoise("test");
        foreach (var (seeds, contrasts) in new[] { (5, 1), (6, 2), (7, 3), (8, 4) })
        {
            double?[] margins = [.. Enumerable.Range(0, contrasts).Select(k => k == 1 ? null : (double?)(0.2 * k))];
            double[][] values = [.. noise.Contrasts(seeds, contrasts, 0.5).Select((column, k) => column.Select(value => value + (0.6 * k)).ToArray())];
            var test = new MaxT([.. values.Select((column, k) => new ContrastValues(column, margins[k]))]);

            for (var k = 0; k < contrasts; k++)
            {
                var result = test.Of(k);
                double Naive(double value) => TwoSided(values, margins, k, value);
                result.PValue.Should().Be(Naive(0));
                if (margins[k] is { } margin)
                {
                    var mean = values[k].Average();
                    result.Beyond.Should().Be(Math.Abs(mean) <= margin ? 1 : Naive(Math.CopySign(margin, mean)));
                    result.Inside.Should().Be(Math.Abs(mean) >= margin ? 1 : Within(values, margins, k));
                }

                if (result.Interval is { } interval)
                {
                    // The interval has the values that the test does not reject.
                    Naive(interval.Low + 1e-6).Should().BeGreaterThan(0.05);
                    Naive(interval.Low - 1e-6).Should().BeLessThanOrEqualTo(0.05);
                    Naive(interval.High - 1e-6).Should().BeGreaterThan(0.05);
                    Naive(interval.High + 1e-6).Should().BeLessThanOrEqualTo(0.05);
                }
            }
        }
    }

    [Fact]
    public void A_missing_seed_leaves_the_other_seeds_of_a_contrast()
    {
        double[] full = [1, 2, 1.5, 1.2, 0.8, 1.1, 0.9];
        double[] missing = [double.NaN, 3, 2, 1, 2, 1.4, 1.3];

        var test = new MaxT([new(full), new(missing)]);

        test.Of(1).Count.Should().Be(6);
        test.Of(1).PValue.Should().BeGreaterThanOrEqualTo(2 / 64d);
        new MaxT([new(missing)]).Of(0).PValue.Should().Be(2 / 64d);
    }

    [Fact]
    public void Many_seeds_are_drawn_and_give_the_same_p_again()
    {
        double[] values = [.. Enumerable.Range(0, 17).Select(i => i < 3 ? -1d : 1)];

        var p = new MaxT([new(values)]).Of(0).PValue;

        // Σ C(17, i) for i ≤ 3 is 834 of 2¹⁷ on each side; the error of 9,999 draws is about .0011.
        p.Should().BeApproximately(2 * 834 / Math.Pow(2, 17), 0.005);
        new MaxT([new(values)]).Of(0).PValue.Should().Be(p);
    }

    [Fact]
    public void The_upper_test_is_one_sided()
    {
        new MaxT([new([1, 2, 3, 1, 2]), new([-1, 0, 1, 0, -1])]).UpperPValue().Should().Be(1 / 32d);
        new MaxT([new([-1, -2, -3, -1, -2])]).UpperPValue().Should().Be(1);
        new MaxT([new([-1, -1, -1, -1, -1])]).UpperPValue().Should().Be(1, "without spread t is infinite");
        new MaxT([new([1, 1, 1, 1, 1])]).UpperPValue().Should().Be(1 / 32d);
    }

    private static double TwoSided(double[][] values, double?[] margins, int k, double value) => Fraction(values, (j, flipped, _) =>
        Math.Abs(Student(values[j], flipped, j == k ? value : Nearer(values[j], margins[j]))), k);

    private static double Within(double[][] values, double?[] margins, int k)
    {
        double Side(double side) => Fraction(values, (j, flipped, own) => margins[j] is null ? double.NegativeInfinity
            : j == k ? -side * Student(values[j], flipped, side * margins[j]!.Value)
            : -Math.Sign(Nearer(values[j], margins[j]) + 1e-300) * Student(values[j], flipped, Nearer(values[j], margins[j])), k);
        return Math.Max(Side(1), Side(-1));
    }

    private static double Nearer(double[] values, double? margin) => margin is { } size ? Math.CopySign(size, values.Average()) : 0;

    private static double Fraction(double[][] values, Func<int, int, bool, double> statistic, int k)
    {
        var seeds = values[0].Length;
        var observed = statistic(k, 0, true);
        var count = Enumerable.Range(0, 1 << seeds).Count(flipped =>
            Enumerable.Range(0, values.Length).Max(j => statistic(j, flipped, j == k)) >= observed - (1e-9 * Math.Abs(observed)));
        return count / Math.Pow(2, seeds);
    }

    private static double Student(double[] values, int flipped, double assumed)
    {
        double[] signed = [.. values.Select((value, seed) => (flipped >> seed & 1) == 0 ? value - assumed : assumed - value)];
        var mean = signed.Average();
        var deviation = Math.Sqrt(signed.Sum(value => (value - mean) * (value - mean)) / (signed.Length - 1));
        return mean / (deviation / Math.Sqrt(signed.Length));
    }
}
