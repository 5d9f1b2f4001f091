using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Tests.Markup;

public sealed class NumbersTests
{
    [Theory]
    [InlineData(12.3456, "12.35")]
    [InlineData(0.0123456, "0.01235")]
    [InlineData(9.99996, "10.00")]
    [InlineData(-1.5, "−1.500")]
    [InlineData(123456.7, "123,457")]
    [InlineData(0, "0")]
    [InlineData(1.2344e-7, "1.234e−7")]
    [InlineData(double.NaN, "–")]
    public void Four_digits_are_significant(double value, string expected) => Numbers.Significant(value).Should().Be(expected);

    [Theory]
    [InlineData(12.3456, 0.5678, "12.35 ± 0.57")]
    [InlineData(0.85432, 0.0021, "0.8543 ± 0.0021")]
    [InlineData(1234.5, 56.7, "1,235 ± 57")]
    [InlineData(12.3456, null, "12.35")]
    [InlineData(12.3456, 0d, "12.35")]
    [InlineData(0.00003, 0.00001, "0.000030 ± 0.000010")]
    [InlineData(2.22e-16, 1.4e-15, "(0.2 ± 1.4)e−15")]
    [InlineData(-1.17e-15, 3.1e-17, "(−1.170 ± 0.031)e−15")]
    [InlineData(12.3456, 1.4e-9, "12.35 ± 1.4e−9")]
    [InlineData(3e-5, 1e-13, "3e−5 ± 1e−13")]
    public void A_mean_is_as_exact_as_its_interval(double mean, double? half, string expected) =>
        Numbers.PlusMinus(mean, half).Should().Be(expected);

    [Theory]
    [InlineData(12.34, "12.3 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(7500, "2 h 05 min")]
    public void Durations_choose_their_units(double seconds, string expected) => Numbers.Duration(seconds).Should().Be(expected);

    [Fact]
    public void Counts_have_separators() => Numbers.Plural(10_000, "sample").Should().Be("10,000 samples");
}
