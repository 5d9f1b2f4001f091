using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

[Scoped]
public sealed class FiniteDifferenceTests
{
    [Fact]
    public void The_central_difference_is_second_order()
    {
        double Error(double delta) =>
            Math.Abs(Estimate(new CentralDifferenceOptions(delta), new(), 0.1, 0.5, z: 2, w: 3) - Polynomial.Derivative(2, 3, 0.5));
        (Error(1e-2) / Error(1e-3)).Should().BeApproximately(100, 1);
    }

    [Theory]
    [InlineData(0.2, 0.999, "separate")]
    [InlineData(0.2, 0.203, "separate")]
    [InlineData(0.5, 1.0, "separate")]
    [InlineData(0.998, 0.999, "separate")]
    [InlineData(0.998, 0.999, "concatenated")]
    public void Clamped_probes_stay_between_r_and_one(double r, double t, string batching)
    {
        var u = new Polynomial();
        Estimate(new CentralDifferenceOptions(Batching: batching), u, r, t).Should().BeApproximately(Polynomial.Derivative(1, 1, t), 0.02);
        u.ProbedTimes.Should().HaveCount(2).And.OnlyContain(time => time >= r - 1e-12 && time <= 1);
    }

    [Fact]
    public void Unclamped_probes_leave_the_interval()
    {
        var u = new Polynomial();
        Estimate(new CentralDifferenceOptions(0.01, ClampEnds: false), u, 0.999, 1.0);
        u.ProbedTimes.Should().Equal(1.01, 0.99);
    }

    [Theory]
    [InlineData(0.1, 0.5)]
    [InlineData(0.1, 1.0)]
    [InlineData(0.99995, 0.99998)]
    public void The_forward_difference_turns_round_at_the_end(double r, double t)
    {
        var u = new Polynomial();
        Estimate(new ForwardDifferenceOptions(1e-4), u, r, t).Should().BeApproximately(Polynomial.Derivative(1, 1, t), 1e-3);
        u.ProbedTimes.Should().ContainSingle().Which.Should().BeInRange(r, 1);
    }

    [Fact]
    public void An_unclamped_forward_difference_always_goes_forward()
    {
        var u = new Polynomial();
        Estimate(new ForwardDifferenceOptions(1e-2, ClampEnds: false), u, 0.5, 1).Should().BeApproximately(3, 0.05);
        u.ProbedTimes.Should().Equal(1.01);
    }

    [Fact]
    public void Only_samples_with_an_interval_are_probed_apart()
    {
        var (apart, together) = (new Polynomial(), new Polynomial());
        var z = ones([3, 1, 1, 1], dtype: float64);
        var (r, t) = (tensor(new[] { 0.5, 0.2, 1.0 }), tensor(new[] { 0.5, 0.6, 1.0 }));
        var separate = IDerivative.Create(new CentralDifferenceOptions()).Evaluate(apart, z, z, r, t).Derivative;
        var joined = IDerivative.Create(new CentralDifferenceOptions(Batching: "concatenated")).Evaluate(together, z, z, r, t).Derivative;
        apart.ProbedTimes.Should().HaveCount(2);
        together.ProbedTimes.Should().HaveCount(6);
        separate.data<double>().ToArray()[0].Should().Be(0);
        // Kernels may round the values of a batch of another size differently.
        (separate - joined).abs().max().item<double>().Should().BeLessThan(
            1e-12, "the samples without interval have no derivative either way");
    }

    private static double Estimate(DerivativeOptions options, Polynomial u, double r, double t, double z = 1, double w = 1) =>
        IDerivative.Create(options).Evaluate(
            u, full([1, 1, 1, 1], z, dtype: float64), full([1, 1, 1, 1], w, dtype: float64), tensor(new[] { r }), tensor(new[] { t }))
            .Derivative.item<double>();
}
