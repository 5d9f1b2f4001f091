using MathNet.Numerics.Integration;
using MfRae.Lab.Learning.Oracle;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>Whether the mean update of MeanFlow contracts (docs/method.md §10).</summary>
public sealed class TimeStabilityTests
{
    [Theory]
    [InlineData(1, 0.50)]
    [InlineData(2, -0.15)]
    [InlineData(4, -1.09)]
    [InlineData(6.93, -2.03)]
    [InlineData(13.86, -3.40)]
    // Values of an independent computation, with two digits.
    public void The_coercivity_falls_with_the_shift(double shift, double expected) =>
        new TimeStability(shift, 4).Coercivity.Should().BeApproximately(expected, 0.01);

    [Theory]
    [InlineData(1, 0.97, 0.83)]
    [InlineData(4, 0.58, 0.43)]
    [InlineData(6.93, 0.16, -0.12)]
    [InlineData(13.86, -0.51, -1.02)]
    // Of the same origin, whose pairs with r = t were drawn slightly differently.
    public void The_smallest_eigenvalue_becomes_negative(double shift, double sixteen, double thirtySix)
    {
        new TimeStability(shift, 4).SmallestEigenvalue.Should().BeApproximately(sixteen, 0.03);
        new TimeStability(shift, 6).SmallestEigenvalue.Should().BeApproximately(thirtySix, 0.03);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6.93)]
    [InlineData(13.86)]
    public void Weights_that_restore_uniform_times_restore_the_coercivity_of_uniform_times(double shift)
    {
        var reweighted = new TimeStability(shift, 5, reweighted: true);

        // The smallest value is approached, and the inverse of the nearly singular Gram matrix rounds it.
        reweighted.Coercivity.Should().BeGreaterThanOrEqualTo(reweighted.Bound - 1e-4);
        reweighted.Coercivity.Should().BeApproximately(new TimeStability(1, 5).Coercivity, 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13.86)]
    public void No_function_is_below_the_bound(double shift) =>
        new TimeStability(shift, 5, equalFraction: 0).Coercivity.Should().BeGreaterThanOrEqualTo(new TimeStability(shift, 5).Bound - 1e-4);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(13.86)]
    public void Integration_by_parts_gives_the_same_form(double shift)
    {
        // u = cos(2 t) (1 + r t) is not one of the features; its derivative by t at fixed r is written out below.
        static double U(double r, double t) => Math.Cos(2 * t) * (1 + (r * t));
        static double Slope(double r, double t) => (-2 * Math.Sin(2 * t) * (1 + (r * t))) + (Math.Cos(2 * t) * r);
        double Shifted(double x) => shift * x / (1 + ((shift - 1) * x));
        double Density(double t) => shift / Math.Pow(shift - ((shift - 1) * t), 2);
        double LogSlope(double t) => 2 * (shift - 1) / (shift - ((shift - 1) * t));
        var rule = new GaussLegendreRule(0, 1, 120);
        double Mean(Func<double, double, double> value)
        {
            var sum = 0.0;
            for (var i = 0; i < 120; i++)
            {
                for (var k = 0; k < 120; k++)
                {
                    var x = rule.GetAbscissa(i);
                    sum += 2 * x * rule.GetWeight(i) * rule.GetWeight(k) * value(Shifted(x * rule.GetAbscissa(k)), Shifted(x));
                }
            }
            return sum;
        }

        var form = Mean((r, t) => U(r, t) * (U(r, t) + ((t - r) * Slope(r, t))));

        var inner = Mean((r, t) => 0.5 * U(r, t) * U(r, t) * (1 - ((t - r) * LogSlope(t))));
        var boundary = Enumerable.Range(0, 120).Sum(i =>
            rule.GetWeight(i) * Density(1) * (1 - Shifted(rule.GetAbscissa(i))) * Math.Pow(U(Shifted(rule.GetAbscissa(i)), 1), 2));
        form.Should().BeApproximately(inner + boundary, 1e-9);
    }
}
