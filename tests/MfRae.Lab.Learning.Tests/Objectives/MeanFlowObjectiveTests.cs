using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

public sealed class MeanFlowObjectiveTests
{
    private static LambdaMeanFlowOptions Options(double lambda, double? tangent = null, double equal = 0.5,
        DerivativeOptions? derivative = null, double dropout = 0.1) => new(
        lambda, TinyLatents.Sizes, new UniformTimeOptions(), derivative ?? new CentralDifferenceOptions(), new PlainLossWeightOptions(),
        new TrainingOptions(1, TinyLatents.Batch), tangent, EqualFraction: equal, LabelDropout: dropout);

    [Fact]
    public void Lambda_of_zero_needs_no_teacher() =>
        Loss(Options(0), teacherSeed: null).Should().Be(Loss(Options(0), teacherSeed: 5));

    [Fact]
    public void Lambda_of_one_depends_on_the_teacher() =>
        Loss(Options(1), teacherSeed: 5).Should().NotBe(Loss(Options(1), teacherSeed: 6));

    [Fact]
    public void Target_and_tangent_are_mixed_separately()
    {
        Loss(Options(0, tangent: 1), teacherSeed: 5).Should().NotBe(Loss(Options(0), teacherSeed: 5));
        Loss(Options(0.5, tangent: 0.5), teacherSeed: 5).Should().Be(Loss(Options(0.5), teacherSeed: 5));
    }

    [Fact]
    public void Without_intervals_the_target_is_the_velocity_itself()
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var batches = TinyLatents.Batches();
        var value = new MeanFlowObjective(Options(0, equal: 1, dropout: 0), network, null, batches).Evaluate(weights, 3);

        var (x, y) = batches.Draw(3);
        var noise = batches.Noise(3, TinyLatents.Batch);
        var t = new TimeSampler(new UniformTimeOptions(), TimeShift.For(batches.Shape), batches.Random).Pair(3, TinyLatents.Batch, 1).T;
        var error = network.Velocity(weights, LinearPath.At(x, noise, t), t, y) - LinearPath.Velocity(x, noise);
        value.Loss.item<float>().Should().BeApproximately(error.square().mean().item<float>(), 1e-6f);
    }

    [Fact]
    public void The_target_is_held_fixed()
    {
        // The gradient must be that of the error to a target that is a number: of u alone.
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var batches = TinyLatents.Batches();
        weights.Train();
        new MeanFlowObjective(Options(0, equal: 0, dropout: 0), network, null, batches).Evaluate(weights, 0).Loss.backward();
        var gradient = weights.Gradient!.clone();

        weights.Gradient.zero_();
        var (x, y) = batches.Draw(0);
        var noise = batches.Noise(0, TinyLatents.Batch);
        var (r, t) = new TimeSampler(new UniformTimeOptions(), TimeShift.For(batches.Shape), batches.Random).Pair(0, TinyLatents.Batch, 0);
        var (z, w) = (LinearPath.At(x, noise, t), LinearPath.Velocity(x, noise));
        Tensor target;
        using (no_grad())
        {
            var derivative = new CentralDifference(new()).Evaluate(new NetworkVelocity(network, weights, y), z, w, r, t).Derivative;
            target = w - (LinearPath.Spread(t - r) * derivative);
        }
        (network.AverageVelocity(weights, z, r, t, y) - target).square().mean().backward();
        ((weights.Gradient - gradient).abs().max() / gradient.abs().max()).item<float>().Should().BeLessThan(1e-5f);
    }

    [Fact]
    public void Shared_dropout_gives_both_probes_the_same_labels()
    {
        var shared = Loss(Options(0, equal: 0, derivative: new CentralDifferenceOptions(1e-4, SharedDropout: true), dropout: 0.5), null);
        var own = Loss(Options(0, equal: 0, derivative: new CentralDifferenceOptions(1e-4, SharedDropout: false), dropout: 0.5), null);
        // A label that differs between the probes is divided by 2δ: the error explodes.
        own.Should().BeGreaterThan(shared * 2);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.7)]
    public void A_step_leaves_no_tensors_behind(double lambda)
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var teacher = TinyLatents.Teacher(2);
        weights.Train();
        var objective = new MeanFlowObjective(Options(lambda), network, teacher, TinyLatents.Batches());
        void Step(long step)
        {
            using var scope = NewDisposeScope();
            objective.Evaluate(weights, step).Loss.backward();
        }
        Step(0);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Step(1);
        Step(2);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    private static float Loss(LambdaMeanFlowOptions options, long? teacherSeed)
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var teacher = teacherSeed is { } seed ? TinyLatents.Teacher(seed) : null;
        return new MeanFlowObjective(options, network, teacher, TinyLatents.Batches()).Evaluate(weights, 0).Loss.item<float>();
    }
}
