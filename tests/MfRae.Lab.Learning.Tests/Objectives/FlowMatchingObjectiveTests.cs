using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
public sealed class FlowMatchingObjectiveTests
{
    private static readonly FlowMatchingOptions Options = new(
        TinyLatents.Sizes, new UniformTimeOptions(), new TrainingOptions(1, TinyLatents.Batch), LabelDropout: 0);

    [Theory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.Float64, 1e-14)]
    public void The_loss_is_the_mean_squared_distance_to_the_one_point_velocity(ScalarType type, double tolerance)
    {
        var (network, weights) = TinyLatents.Network(interval: false, 1, type);
        var source = TinyLatents.Batches();
        var loss = new FlowMatchingObjective(Options, network, source).Evaluate(weights, 3).Loss;

        var (x, y) = source.Draw(3);
        var noise = source.Noise(3, TinyLatents.Batch);
        var t = new TimeSampler(Options.Time, TimeShift.For(source.Shape), source.Random).One(3, TinyLatents.Batch).to(type);
        (x, noise) = (x.to(type), noise.to(type));
        var expected = (network.Velocity(weights, LinearPath.At(x, noise, t), t, y) - (noise - x)).square().mean();
        loss.dtype.Should().Be(type);
        loss.to(float64).item<double>().Should().BeApproximately(expected.to(float64).item<double>(), tolerance);
    }
}
