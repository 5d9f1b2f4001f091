using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class GradientMeasureTests
{
    private const int Points = 6;
    private const int Draws = 4;

    [Theory]
    [InlineData("ring", 0, 0)]
    [InlineData("ring", 0.5, 0)]
    [InlineData("mixture1d", 0, 0)]
    public void Moments_are_those_of_the_objectives_own_gradients(string kind, double lambda, double tangent)
    {
        var mixture = Mixtures.Of(kind);
        var trained = TinyTrainedMeanFlow.Of(mixture, lambda, tangent, TinyTrainedMeanFlow.Bias);
        var source = TinyTrainedMeanFlow.Source(mixture, Points);
        var points = OraclePoints.Draw(source, 0);
        var errors = TargetErrors.At(trained, points.Z, points.R, points.T);
        var measure = new GradientMeasure(trained, Mixtures.Random(), Draws);

        measure.Add(points, errors, 0);

        // The same draws, one loss and one reverse pass for each.
        var onePoint = errors.Posterior.Draw(Mixtures.Random(), "gradient draw", 0, Draws);
        using var weights = trained.Weights.Clone(trained.Network.Declare());
        weights.Train();
        var objective = trained.Objective(source);
        var gradients = new List<Tensor>();
        for (var i = 0; i < Points; i++)
        {
            for (var j = 0; j < Draws; j++)
            {
                weights.Gradient!.zero_();
                Tensor One(Tensor all) => all.slice(0, i, i + 1, 1);
                var batch = OraclePoints.At(One(points.Z), One(points.R), One(points.T), onePoint[i, j].unsqueeze(0));
                objective.Evaluate(weights, batch, trained.LastStep).Loss.backward();
                gradients.Add(weights.Gradient.clone());
            }
        }
        var all = stack(gradients).view(Points, Draws, -1);
        var ofPoint = all.mean([1]);
        var squares = all.square().sum(-1).mean().item<double>();
        var squaredMean = (ofPoint.sum([0]).square().sum() - ofPoint.square().sum()).item<double>() / (Points * (Points - 1));
        var values = measure.Values().ToDictionary(value => value.Name, value => value.Value);
        var variance = squares - Math.Max(0, squaredMean);
        values[OracleMetric.GradientVariance].Should().BeApproximately(variance, 1e-8 * variance);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_many_draws_the_prediction_is_met(bool ownTangent)
    {
        var mixture = Mixtures.Of("mixture1d");
        var trained = TinyTrainedMeanFlow.Of(mixture, 0.25, 0.25, TinyTrainedMeanFlow.Bias, ownTangent: ownTangent);
        var points = OraclePoints.Draw(TinyTrainedMeanFlow.Source(mixture, 16), 0);
        var measure = new GradientMeasure(trained, Mixtures.Random(), 20_000);

        measure.Add(points, TargetErrors.At(trained, points.Z, points.R, points.T), 0);

        var values = measure.Values().ToDictionary(value => value.Name, value => value.Value);
        foreach (var name in new[] { OracleMetric.GradientVariance, OracleMetric.GradientNoise, OracleMetric.GradientBias })
        {
            values[name].Should().BeApproximately(
                values[name + OracleMetric.Predicted], 0.03 * values[name + OracleMetric.Predicted], name);
        }

        values[OracleMetric.GradientLambda].Should().BeInRange(0, 1);
    }

    [Fact]
    public void An_exact_teacher_leaves_neither_noise_nor_bias()
    {
        var mixture = Mixtures.Of("ring");
        var trained = TinyTrainedMeanFlow.Of(mixture, 1);
        var points = OraclePoints.Draw(TinyTrainedMeanFlow.Source(mixture, Points), 0);
        var measure = new GradientMeasure(trained, Mixtures.Random(), Draws);

        measure.Add(points, TargetErrors.At(trained, points.Z, points.R, points.T), 0);

        var values = measure.Values().ToDictionary(value => value.Name, value => value.Value);
        values[OracleMetric.GradientNoise].Should().BeLessThan(1e-20);
        values[OracleMetric.GradientBias].Should().BeLessThan(1e-10);
        values[OracleMetric.GradientLambda].Should().BeApproximately(1, 1e-12, "the bias is rounding");
        values[OracleMetric.GradientVariance].Should().BeGreaterThan(0);
    }
}
