using MathNet.Numerics.Distributions;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class WelchTests
{
    // From the sums: t = 2.68028 with 27.917 degrees of freedom.
    private static readonly double[] First = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
    private static readonly double[] Second = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 22.0];

    [Fact]
    public void It_is_the_t_of_means_with_unequal_variances()
    {
        var (one, other) = (Summary.Of(First), Summary.Of(Second));
        var error = Math.Sqrt((Math.Pow(one.Deviation!.Value, 2) + Math.Pow(other.Deviation!.Value, 2)) / 15);

        var welch = Welch.Of(one, other)!;

        welch.Freedom.Should().Be(27);
        welch.Difference.Should().BeApproximately(Second.Average() - First.Average(), 1e-12);
        (welch.Difference / error).Should().BeApproximately(2.68028, 1e-5);
        welch.PValue.Should().BeApproximately(2 * StudentT.CDF(0, 1, 27, -welch.Difference / error), 1e-10);
        var half = StudentT.InvCDF(0, 1, 27, 0.975) * error;
        welch.Interval().Low.Should().BeApproximately(welch.Difference - half, 1e-8);
        welch.Interval().High.Should().BeApproximately(welch.Difference + half, 1e-8);
    }

    [Fact]
    public void Exchanging_the_summaries_only_negates_the_difference()
    {
        var (there, back) = (Welch.Of(Summary.Of(First), Summary.Of(Second))!, Welch.Of(Summary.Of(Second), Summary.Of(First))!);

        back.Difference.Should().Be(-there.Difference);
        (back.PValue, back.Freedom).Should().Be((there.PValue, there.Freedom));
        (back.Interval().Low, back.Interval().High).Should().Be((-there.Interval().High, -there.Interval().Low));
    }

    [Fact]
    public void Spread_on_one_side_gives_the_degrees_of_freedom_of_that_side() =>
        Welch.Of(Summary.Of([1, 2, 3, 4]), Summary.Of([5, 5]))!.Freedom.Should().Be(3);

    [Fact]
    public void Without_any_spread_there_is_no_test()
    {
        Welch.Of(Summary.Of([1]), Summary.Of([1, 2])).Should().BeNull();
        Welch.Of(Summary.Of([]), Summary.Of([1, 2])).Should().BeNull();
        Welch.Of(Summary.Of([1, 1]), Summary.Of([2, 2])).Should().BeNull();
    }
}
