using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class SummaryTests
{
    [Fact]
    public void The_deviation_divides_by_one_less_than_the_count()
    {
        var summary = Summary.Of([2, 4, 4, 4, 5, 5, 7, 9]);

        summary.Count.Should().Be(8);
        summary.Mean.Should().Be(5);
        summary.Deviation.Should().BeApproximately(Math.Sqrt(32d / 7), 1e-12);
    }

    [Fact]
    public void One_value_has_a_mean_and_no_deviation() => Summary.Of([3.5]).Should().Be(new Summary(1, 3.5, null));

    [Fact]
    public void No_values_have_no_mean() => Summary.Of([]).Mean.Should().Be(double.NaN);
}
