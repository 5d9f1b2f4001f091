using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

[Scoped]
public sealed class NoiseMeasureTests
{
    [Fact]
    public void Quantiles_are_those_of_the_squared_noise_carried_by_each_jacobian()
    {
        var mixture = Mixtures.Of("gaussian");
        var trained = TinyTrainedMeanFlow.Of(mixture, 0, perturbed: false);
        var points = OraclePoints.Draw(TinyTrainedMeanFlow.Source(mixture, 50), 0);
        var errors = TargetErrors.At(trained, points.Z, points.R, points.T);
        var flow = OracleDistributions.Flow(mixture, 1e-9);
        var measure = new NoiseMeasure(flow, Mixtures.Random(), 40);

        measure.Add(points, errors, 0);

        var values = measure.Values().ToDictionary(value => value.Name, value => value.Value);
        // A network that answers zero has J = I.
        var noise = errors.Posterior.Draw(Mixtures.Random(), "noise draw", 0, 40) - errors.Velocity.unsqueeze(1);
        var carried = einsum("bij,bnj->bni", flow.Jacobian(points.Z, points.R, points.T), noise);
        Check(OracleMetric.Noise, noise);
        Check(OracleMetric.FlowNoise, carried);

        void Check(string name, Tensor of)
        {
            var sorted = of.square().sum(-1).flatten().sort().Values.data<double>().ToArray();
            values[name + ".50"].Should().BeApproximately(sorted[999], 1e-12);
            values[name + ".90"].Should().BeApproximately(sorted[1799], 1e-12);
            values[name + ".99"].Should().BeApproximately(sorted[1979], 1e-12);
            values[name + ".99.9"].Should().BeApproximately(sorted[1997], 1e-12);
        }
    }
}
