using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class DeviationMeasureTests
{
    [Fact]
    public void A_network_that_does_nothing_is_as_far_off_as_the_flow_is_long()
    {
        var mixture = Mixtures.Of("mixture1d");
        var flow = OracleDistributions.Flow(mixture, 1e-9);
        var trained = TinyTrainedMeanFlow.Of(mixture, 1, bias: TinyTrainedMeanFlow.Bias, perturbed: false);
        var measure = new DeviationMeasure(trained, flow, 1e-9);
        var points = OraclePoints.Draw(TinyTrainedMeanFlow.Source(mixture, 41), 0);
        var noise = Mixtures.Random().Normal("prior", 0, 41, 1).to(float64);

        measure.AddInterval(points);
        measure.AddEndPoints(noise, [1, 3]);

        var values = measure.Values().ToDictionary(value => (value.Name, value.Steps));
        var (start, end) = (zeros(41, dtype: float64), ones(41, dtype: float64));
        var exact = flow.AverageVelocity(noise, start, end).norm(1);
        var aim = trained.FixedPoint(1e-9).AverageVelocity(noise, start, end);
        Check(values, OracleMetric.Deviation, 1, exact);
        Check(values, OracleMetric.Deviation, 3, exact);
        Check(values, OracleMetric.FixedPoint, 1, aim.norm(1));
        Check(values, OracleMetric.Floor, 1, (aim - flow.AverageVelocity(noise, start, end)).norm(1));
        Check(values, OracleMetric.Deviation + OracleMetric.Interval, 0, flow.AverageVelocity(points.Z, points.R, points.T).norm(1));
        values.Should().HaveCount(16);
        values.Values.Should().OnlyContain(value => value.Samples == 41);
    }

    private static void Check(Dictionary<(string, int), OracleValue> values, string name, int steps, Tensor distances)
    {
        values[(name, steps)].Value.Should().BeApproximately(distances.square().mean().sqrt().item<double>(), 1e-7, name);
        values[(name + OracleMetric.Median, steps)].Value.Should().BeApproximately(distances.median().item<double>(), 1e-7, name);
    }
}
