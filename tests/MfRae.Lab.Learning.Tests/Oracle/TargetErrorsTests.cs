using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class TargetErrorsTests
{
    public static TheoryData<string, double, double> Cases => new()
    {
        { "ring", 0, 0 }, { "ring", 0.5, 0.5 }, { "ring", 1, 1 }, { "ring", 0, 1 }, { "ring", 1, 0 }, { "ring", 0.3, 0.8 },
        { "gaussian", 0, 0 }, { "gaussian", 0.4, 0.4 }, { "mixture1d", 0, 0 }, { "mixture1d", 0, 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_objectives_error_is_its_mean_less_N_times_the_noise(string kind, double lambda, double tangent)
    {
        var mixture = Mixtures.Of(kind);
        var trained = TinyTrainedMeanFlow.Of(mixture, lambda, tangent, TinyTrainedMeanFlow.Bias);
        var source = TinyTrainedMeanFlow.Source(mixture);
        var points = OraclePoints.Draw(source, 0);
        var onePoint = points.Noise - points.X;

        var errors = TargetErrors.At(trained, points.Z, points.R, points.T);

        var predicted = errors.Mean - errors.N.matmul((onePoint - errors.Velocity).unsqueeze(-1)).squeeze(-1);
        var measured = trained.Objective(source).Regress(
            trained.Weights, OraclePoints.At(points.Z, points.R, points.T, onePoint), trained.LastStep).Difference.flatten(1);
        (measured - predicted).abs().max().item<double>().Should().BeLessThan(1e-9);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_loss_splits_into_bias_and_noise(string kind, double lambda, double tangent)
    {
        var mixture = Mixtures.Of(kind);
        var trained = TinyTrainedMeanFlow.Of(mixture, lambda, tangent, TinyTrainedMeanFlow.Bias);
        var source = TinyTrainedMeanFlow.Source(mixture);
        var split = new SplitMeasure(trained, source);
        for (var step = 0; step < 2; step++)
        {
            var points = OraclePoints.Draw(source, step);
            split.Add(points, TargetErrors.At(trained, points.Z, points.R, points.T));
        }

        var values = split.Values().ToDictionary(value => value.Name);

        values[OracleMetric.SplitDiscrepancy].Value.Should().BeLessThan(1e-9);
        values[OracleMetric.Split + OracleMetric.Predicted].Value
            .Should().Be(values[OracleMetric.SplitBias].Value + values[OracleMetric.SplitNoise].Value);
        values[OracleMetric.Split].Value.Should().BeGreaterThan(0.1);
        if (lambda == 1 && tangent == 1)
            values[OracleMetric.SplitNoise].Value.Should().BeLessThan(1e-20, "the teacher has no noise");
        else
            values[OracleMetric.SplitNoise].Value.Should().BeGreaterThan(0.1);
        var sampled = values[OracleMetric.SplitSampled];
        var half = sampled.High!.Value - sampled.Value;
        sampled.Value.Should().BeInRange(values[OracleMetric.Split].Value - (2 * half) - 1e-9, values[OracleMetric.Split].Value
            + (2 * half) + 1e-9);
    }

    [Theory]
    [InlineData("ring", 0)]
    [InlineData("ring", 0.5)]
    [InlineData("mixture1d", 1)]
    public void Along_the_networks_own_velocity_the_error_has_the_noise_of_the_target_velocity_alone(string kind, double lambda)
    {
        var mixture = Mixtures.Of(kind);
        var trained = TinyTrainedMeanFlow.Of(mixture, lambda, bias: TinyTrainedMeanFlow.Bias, ownTangent: true);
        var source = TinyTrainedMeanFlow.Source(mixture);
        var points = OraclePoints.Draw(source, 0);
        var onePoint = points.Noise - points.X;

        var errors = TargetErrors.At(trained, points.Z, points.R, points.T);

        var predicted = errors.Mean - ((1 - lambda) * (onePoint - errors.Velocity));
        var measured = trained.Objective(source).Regress(
            trained.Weights, OraclePoints.At(points.Z, points.R, points.T, onePoint), trained.LastStep).Difference.flatten(1);
        (measured - predicted).abs().max().item<double>().Should().BeLessThan(1e-9);
        Difference(errors.N, ((1 - lambda) * eye(mixture.Dimension, dtype: float64)).expand_as(errors.N)).Should().BeLessThan(1e-13);
    }

    [Fact]
    public void At_the_corners_the_noise_is_what_the_method_says()
    {
        var mixture = Mixtures.Of("ring");
        var points = OraclePoints.Draw(TinyTrainedMeanFlow.Source(mixture), 0);
        TargetErrors At(double lambda, double tangent) => TargetErrors.At(
            TinyTrainedMeanFlow.Of(mixture, lambda, tangent), points.Z, points.R, points.T);
        var unit = eye(2, dtype: float64);

        var plain = At(0, 0);
        // Of float64 values about 1.
        const double rounding = 1e-13;
        Difference(plain.N, plain.J).Should().BeLessThan(rounding, "MFT carries the noise through J");
        Difference(At(0, 1).N, unit).Should().BeLessThan(rounding, "with the teacher's direction the noise is not amplified");
        At(1, 1).N.abs().max().item<double>().Should().BeLessThan(rounding);
        Difference(At(1, 0).N, -(unit - plain.J)).Should().BeLessThan(rounding);
    }

    private static double Difference(Tensor one, Tensor other) => (one - other).abs().max().item<double>();
}
