using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

/// <summary>Against MathNet, which computes them by other means.</summary>
public sealed class ProbabilityDistributionsTests
{
    [Fact]
    public void The_normal_distribution_is_that_of_MathNet()
    {
        for (var z = -7.5; z <= 7.5; z += 0.25)
        {
            ProbabilityDistributions.NormalCdf(z).Should().BeApproximately(Normal.CDF(0, 1, z), 1e-14);
        }

        ProbabilityDistributions.NormalCdf(-9).Should().Be(0);
        ProbabilityDistributions.NormalCdf(9).Should().Be(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(19)]
    [InlineData(64)]
    public void Students_distribution_is_that_of_MathNet(int freedom)
    {
        foreach (var t in new[] { 0, 0.1, 1, 2.5, 12 })
        {
            ProbabilityDistributions.StudentTail(t, freedom).Should().BeApproximately(1 - StudentT.CDF(0, 1, freedom, t), 1e-11);
        }

        foreach (var tail in new[] { 0.4, 0.05, 0.025, 0.005 })
        {
            ProbabilityDistributions.StudentQuantile(tail, freedom).Should().BeApproximately(StudentT.InvCDF(0, 1, freedom, 1 - tail), 1e-6);
        }
    }
}
