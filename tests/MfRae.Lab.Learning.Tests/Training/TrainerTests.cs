using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Twenty_steps_are_ten_and_a_restart_and_ten_in_every_bit()
    {
        var whole = Train(_folder.File("whole"), 20, out _);

        var halves = _folder.File("halves");
        FluentActions.Invoking(() => Train(halves, 20, out _, stopAfter: 10)).Should().Throw<OperationCanceledException>();
        var resumed = Train(halves, 20, out var journal);

        resumed.Should().Equal(whole);
        journal.Events.OfType<ResumedEvent>().Should().Equal(new ResumedEvent(10));
        journal.Events.OfType<MetricsEvent>().Select(metrics => metrics.Step).Should().Equal(Enumerable.Range(11, 10).Select(i => (long)i));
    }

    [Fact]
    public void How_often_it_reports_does_not_change_the_numbers() =>
        Train(_folder.File("often"), 12, out _, logEvery: 1).Should().Equal(Train(_folder.File("seldom"), 12, out _, logEvery: 5));

    [Fact]
    public void Training_lowers_the_loss()
    {
        Train(_folder.File("run"), 60, out var journal);
        var losses = journal.Events.OfType<MetricsEvent>().Select(metrics => metrics.Values["loss"]!.Value).ToList();
        losses[^1].Should().BeLessThan(losses[0] / 2);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_a_divergence_and_its_curve_is_kept()
    {
        var journal = new TestStage(_folder.File("broken"));
        var objective = new Regression(breakAt: 3);
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        FluentActions.Invoking(() => new Trainer(new TrainingOptions(10), journal.Context()).Run(Regression.Spec, weights, objective))
            .Should().Throw<DivergedException>().Which.Step.Should().Be(4);
        journal.Events.OfType<MetricsEvent>().Last().Values["loss"].Should().BeNull();
    }

    [Fact]
    public void No_tensor_outlives_its_step()
    {
        Train(_folder.File("warm"), 3, out _);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Train(_folder.File("short"), 5, out _);
        var afterShort = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Train(_folder.File("long"), 45, out _);
        (DisposeScopeManager.Statistics.ThreadTotalLiveCount - afterShort).Should().Be(afterShort - before);
    }

    [Fact]
    public void AdamW_is_that_of_torch()
    {
        var options = new TrainingOptions(1, WeightDecay: 0.1);
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        weights.Train();
        var twin = new TorchSharp.Modules.Parameter(weights.Flat.clone());
        using var theirs = optim.AdamW([twin], lr: 0.01, beta1: 0.9, beta2: 0.95, weight_decay: 0.1);
        using var ours = new AdamW(options, weights);
        for (var step = 0; step < 5; step++)
        {
            using var quiet = no_grad();
            var gradient = new RandomSource(step, CPU).Normal("gradient", 0, weights.Flat.shape);
            weights.Gradient!.copy_(gradient);
            twin.grad = gradient;
            ours.Step(step, 0.01);
            theirs.step();
        }
        (weights.Flat - twin).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    [Fact]
    public void The_rate_warms_up_and_falls_to_zero()
    {
        var options = new TrainingOptions(100, LearningRate: 1, WarmupSteps: 10, Schedule: "cosine");
        LearningRate.At(options, 0).Should().Be(0.1);
        LearningRate.At(options, 9).Should().Be(1);
        LearningRate.At(options, 55).Should().BeApproximately(0.5, 1e-9);
        LearningRate.At(options, 99).Should().BeLessThan(0.001);
    }

    private static float[] Train(string folder, int steps, out TestStage journal, int stopAfter = int.MaxValue, int logEvery = 1)
    {
        journal = new TestStage(folder) { StopAfter = stopAfter, LogEvery = logEvery };
        using var weights = Weights.Initialise(Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(new TrainingOptions(steps, LearningRate: 0.05, Ema: 0.9), journal.Context())
            .Run(Regression.Spec, weights, new Regression());
        return average.Flat.data<float>().ToArray();
    }

    /// <summary>Learns y = 2 x₀ - x₁ from random points.</summary>
    private sealed class Regression(long breakAt = -1) : IObjective
    {
        public static readonly WeightSpec Spec = Declare();

        public ObjectiveValue Evaluate(Weights weights, long step)
        {
            var x = new RandomSource(0, CPU).Normal("x", step, 32, 2);
            var y = (x.select(1, 0) * 2) - x.select(1, 1);
            var error = (Layers.Linear(weights, "line", x).squeeze(1) - y).square().mean();
            return new(step == breakAt ? error * double.NaN : error);
        }

        private static WeightSpec Declare()
        {
            var spec = new WeightSpec();
            spec.Linear("line", 2, 1);
            return spec;
        }
    }
}
