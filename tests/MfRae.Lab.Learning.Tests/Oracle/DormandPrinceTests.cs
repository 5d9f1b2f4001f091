using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class DormandPrinceTests
{
    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-7)]
    [InlineData(1e-10)]
    public void An_oscillation_comes_out_to_about_the_tolerance(double tolerance)
    {
        // y'' = -ω² y over one unit of time, a row for each frequency.
        var frequency = tensor(new[] { 1.0, 5, 20 });
        var start = stack([ones_like(frequency), zeros_like(frequency)], 1);

        var end = DormandPrince.Solve(
            (y, _) => frequency.unsqueeze(1) * stack([y.select(1, 1), -y.select(1, 0)], 1), start, tolerance);

        var exact = stack([frequency.cos(), -frequency.sin()], 1);
        (end - exact).abs().max().item<double>().Should().BeLessThan(100 * tolerance);
        (start - stack([ones_like(frequency), zeros_like(frequency)], 1)).abs().max().item<double>().Should().Be(0);
    }

    [Fact]
    public void Time_itself_is_passed_on() =>
        DormandPrince.Solve((y, s) => full_like(y, 3 * s * s), zeros(2, 1, dtype: float64), 1e-9)[1, 0].item<double>()
            .Should().BeApproximately(1, 1e-12);
}
