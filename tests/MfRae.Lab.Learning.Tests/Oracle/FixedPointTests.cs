using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class FixedPointTests
{
    [Theory]
    [InlineData("ring", 0.4, 0.4)]
    [InlineData("ring", 0, 1)]
    [InlineData("mixture1d", 1, 0)]
    [InlineData("gaussian", 1, 1)]
    public void There_the_mean_target_is_the_average_velocity_itself(string kind, double lambda, double tangent)
    {
        const double step = 2e-4;
        var mixture = Mixtures.Of(kind);
        var trained = TinyTrainedMeanFlow.Of(mixture, lambda, tangent, TinyTrainedMeanFlow.Bias);
        var (z, r, t) = Mixtures.Points(mixture, 4);
        var flow = trained.FixedPoint(1e-11);
        var (v, bias) = (mixture.Velocity(z, t), trained.Bias(z, t));
        var (w, aim) = (v + (tangent * bias), v + (lambda * bias));
        Tensor U(double by) => flow.AverageVelocity(z + (by * w), r, t + by);

        // u + (t - r) du/dt along (w, 0, 1), by a difference of fourth order.
        var derivative = ((8 * (U(step) - U(-step))) - (U(2 * step) - U(-2 * step))) / (12 * step);
        var target = aim - ((t - r).unsqueeze(1) * derivative);

        (flow.AverageVelocity(z, r, t) - target).abs().max().item<double>().Should().BeLessThan(1e-5);
    }

    [Fact]
    public void Without_bias_it_is_the_exact_mean_flow_for_any_lambda()
    {
        var mixture = Mixtures.Of("mixture1d");
        var (z, r, t) = Mixtures.Points(mixture, 8);

        var point = TinyTrainedMeanFlow.Of(mixture, 0.3, 0.9).FixedPoint(1e-10).AverageVelocity(z, r, t);

        (point - new QuantileFlow(mixture).AverageVelocity(z, r, t)).abs().max().item<double>().Should().BeLessThan(1e-8);
    }

    [Fact]
    public void At_lambda_zero_no_teacher_moves_it()
    {
        var mixture = Mixtures.Of("mixture1d");
        var (z, r, t) = Mixtures.Points(mixture, 8);
        Tensor At(double lambda, double tangent) => TinyTrainedMeanFlow.Of(mixture, lambda, tangent, TinyTrainedMeanFlow.Bias).FixedPoint(1e-10)
            .AverageVelocity(z, r, t);
        var exact = new QuantileFlow(mixture).AverageVelocity(z, r, t);

        (At(0, 0) - exact).abs().max().item<double>().Should().BeLessThan(1e-8);
        (At(1, 1) - exact).abs().max().item<double>().Should().BeGreaterThan(0.1);
        (At(0, 1) - exact).abs().max().item<double>().Should().BeGreaterThan(0.01, "the aim is followed along the wrong trajectory");
    }
}
