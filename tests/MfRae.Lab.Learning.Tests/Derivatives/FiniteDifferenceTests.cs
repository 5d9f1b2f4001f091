using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

public sealed class FiniteDifferenceTests
{
    // u = z t² + r: du/dt along (w, 0, 1) is w t² + 2 z t.
    private static Tensor Quadratic(Tensor z, Tensor r, Tensor t, int probe) => (z * LinearPath.Spread(t * t)) + LinearPath.Spread(r);

    [Fact]
    public void The_central_difference_is_second_order()
    {
        var (z, w) = (full([1, 1, 1, 1], 2.0, dtype: float64), full([1, 1, 1, 1], 3.0, dtype: float64));
        var (r, t) = (tensor(new[] { 0.1 }), tensor(new[] { 0.5 }));
        double Error(double delta) => Math.Abs(new CentralDifference(delta, true).Estimate(Quadratic, z, w, r, t).item<double>() - 2.75);
        (Error(1e-2) / Error(1e-3)).Should().BeApproximately(100, 1);
    }

    [Theory]
    [InlineData(0.2, 0.999)]
    [InlineData(0.2, 0.203)]
    [InlineData(0.5, 1.0)]
    [InlineData(0.998, 0.999)]
    public void Clamped_probes_stay_between_r_and_one(double r, double t)
    {
        var times = new List<double>();
        Tensor Record(Tensor z, Tensor rr, Tensor tt, int probe)
        {
            times.Add(tt.item<double>());
            return Quadratic(z, rr, tt, probe);
        }
        var one = ones([1, 1, 1, 1], dtype: float64);
        var estimate = new CentralDifference(5e-3, true).Estimate(Record, one, one, tensor(new[] { r }), tensor(new[] { t }));
        times.Should().HaveCount(2).And.OnlyContain(time => time >= r - 1e-12 && time <= 1);
        estimate.item<double>().Should().BeApproximately((t * t) + (2 * t), 0.02);
    }

    [Fact]
    public void Unclamped_probes_leave_the_interval()
    {
        var times = new List<double>();
        Tensor Record(Tensor z, Tensor r, Tensor t, int probe)
        {
            times.Add(t.item<double>());
            return z;
        }
        var one = ones([1, 1, 1, 1], dtype: float64);
        new CentralDifference(0.01, false).Estimate(Record, one, one, tensor(new[] { 0.999 }), tensor(new[] { 1.0 }));
        times.Should().Equal(1.01, 0.99);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public void The_forward_difference_turns_round_at_the_end(double t)
    {
        var one = ones([1, 1, 1, 1], dtype: float64);
        var estimate = new ForwardDifference(1e-4).Estimate(Quadratic, one, one, tensor(new[] { 0.1 }), tensor(new[] { t }));
        estimate.item<double>().Should().BeApproximately((t * t) + (2 * t), 1e-3);
    }
}
