using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Objectives;

[Scoped]
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
            target = w - (LinearPath.BroadcastOverLatent(t - r) * derivative);
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

    [Fact]
    public void Lambda_follows_its_schedule_and_the_tangent_follows_lambda_unless_it_has_its_own()
    {
        var scheduled = Options(1) with { LambdaSchedule = new SwitchLambdaOptions(0.25, 3) };
        Loss(scheduled, 5, step: 2).Should().Be(Loss(Options(1), 5, step: 2));
        Loss(scheduled, 5, step: 3).Should().Be(Loss(Options(0.25), 5, step: 3));

        Loss(scheduled with { TangentLambda = 1 }, 5, step: 3).Should().Be(Loss(Options(0.25, tangent: 1), 5, step: 3));
        var both = scheduled with { TangentLambda = 1, TangentLambdaSchedule = new SwitchLambdaOptions(0, 4) };
        Loss(both, 5, step: 3).Should().Be(Loss(Options(0.25, tangent: 1), 5, step: 3));
        Loss(both, 5, step: 4).Should().Be(Loss(Options(0.25, tangent: 0), 5, step: 4));
    }

    [Fact]
    public void Guidance_is_of_the_teacher_alone()
    {
        var guided = Options(1) with { Guidance = new GuidanceOptions(3) };
        Loss(guided, 5).Should().NotBe(Loss(Options(1), 5));
        Loss(guided with { Lambda = 0 }, 5).Should().Be(Loss(Options(0), 5));
    }

    [Fact]
    public void A_teacher_is_any_velocity_field()
    {
        // With the one-point velocity as teacher, λ makes no difference.
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var batches = TinyLatents.Batches();
        var (x, _) = batches.Draw(0);
        var exact = LinearPath.Velocity(x, batches.Noise(0, TinyLatents.Batch));
        float Of(double lambda) =>
            new MeanFlowObjective(Options(lambda), network, (_, _, _) => exact, batches).Evaluate(weights, 0).Loss.item<float>();
        // One objective mixes in the given velocity, and the second computes it.
        Of(1).Should().BeApproximately(Of(0), 1e-5f * Of(0));
        Of(0.3).Should().BeApproximately(Of(0), 1e-3f);
    }

    [Fact]
    public void It_works_in_float64_and_comes_to_the_same()
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1, ScalarType.Float64);
        var objective = new MeanFlowObjective(Options(0.5), network, TinyLatents.Teacher(5, ScalarType.Float64), TinyLatents.Batches());
        var loss = objective.Evaluate(weights, 0).Loss;
        loss.dtype.Should().Be(ScalarType.Float64);
        var narrow = Loss(Options(0.5), 5);
        loss.item<double>().Should().BeApproximately(narrow, narrow * 1e-3, "a finite difference in float32 rounds");
    }

    private static float Loss(LambdaMeanFlowOptions options, long? teacherSeed, long step = 0)
    {
        var (network, weights) = TinyLatents.Network(interval: true, 1);
        var teacher = teacherSeed is { } seed ? TinyLatents.Teacher(seed) : null;
        return new MeanFlowObjective(options, network, teacher, TinyLatents.Batches()).Evaluate(weights, step).Loss.item<float>();
    }
}
