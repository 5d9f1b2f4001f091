using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Tests.Data;

public sealed class StudentIntervalTests
{
    /// <summary>The table of Student's t has 12.706 for one degree of freedom and 2.776 for four.</summary>
    [Theory]
    [InlineData(2, 12.706)]
    [InlineData(5, 2.776)]
    public void The_interval_is_that_of_the_table(int count, double quantile) =>
        StudentInterval.HalfWidth(new Summary(count, 10, 3)).Should().BeApproximately(quantile * 3 / Math.Sqrt(count), 0.005);

    [Fact]
    public void One_seed_has_no_interval() => StudentInterval.HalfWidth(new Summary(1, 10, null)).Should().BeNull();
}
