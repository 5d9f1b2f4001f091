using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

/// <summary>The curve of a training that diverges between two reports.</summary>
[Scoped]
public sealed class DivergenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(5, 13)]
    [InlineData(10, 13)]
    [InlineData(40, 13)]
    [InlineData(5, 15)]
    public void The_step_is_named_and_every_step_before_it_is_a_point(int logEvery, int breakAt)
    {
        var whole = Finish("whole", logEvery: 1, steps: breakAt - 1);

        var points = Break("broken", logEvery, breakAt);

        var steps = points.Where(point => point.Step % logEvery != 0 && point.Step <= breakAt).ToList();
        steps.Select(point => point.Step).Should().Equal(Enumerable.Range(1, breakAt).Select(step => (long)step).Where(step => step % logEvery != 0));
        foreach (var point in steps.Where(point => point.Step < breakAt))
        {
            // The same computation of the same steps.
            var expected = whole.Single(other => other.Step == point.Step).Values;
            point.Values["loss"].Should().Be(expected["loss"]);
            point.Values["gradientNorm"].Should().Be(expected["gradientNorm"]);
        }
        points.Where(point => point.Step >= breakAt).Should().OnlyContain(point => point.Values["loss"] == null);
        points.Where(point => point.Step < breakAt).Should().OnlyContain(point => point.Values["loss"] != null);
    }

    [Fact]
    public void Of_a_long_training_a_hundred_steps_are_told()
    {
        var points = Break("long", logEvery: 10, breakAt: 257).Where(point => point.Step % 10 != 0 && point.Step <= 257).ToList();

        points.Select(point => point.Step).Should().Equal(Enumerable.Range(158, 100).Select(step => (long)step).Where(step => step % 10 != 0));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(12)]
    public void A_training_that_was_interrupted_before_leaves_the_same_points(int stopAt)
    {
        var whole = Break("whole", logEvery: 5, breakAt: 14);

        Stop("parts", logEvery: 5, stopAt);
        var resumed = Break("parts", logEvery: 5, breakAt: 14);

        var told = resumed.ToDictionary(point => point.Step, point => point.Values["loss"]);
        told.Should().Equal(whole.Where(point => point.Step % 5 != 0 || point.Step > stopAt)
            .ToDictionary(point => point.Step, point => point.Values["loss"]));
    }

    [Fact]
    public void A_gradient_above_its_limit_leaves_its_steps_too()
    {
        var stage = new TestStage(_folder.File("explodes")) { LogEvery = 10 };
        var options = new TrainingOptions(60, LearningRate: 0.05, GradientNormLimit: 1e-9, GradientNormSteps: 13);

        FluentActions.Invoking(() => Run(options, stage, new TrainerTests.Regression())).Should().Throw<DivergedException>();

        Points(stage).Where(point => point.Step % 10 != 0).Select(point => point.Step)
            .Should().Equal(Enumerable.Range(1, 20).Select(step => (long)step).Where(step => step % 10 != 0));
    }

    [Fact]
    public void Weights_that_overflow_in_the_last_update_are_a_divergence()
    {
        var stage = new TestStage(_folder.File("overflow")) { LogEvery = 10 };
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
        weights.Flat.fill_(5);

        // Weight decay multiplies the weights by 1 - 3e38.
        var options = new TrainingOptions(1, LearningRate: 3e37, WeightDecay: 10, Ema: 0);
        FluentActions.Invoking(() => new Trainer(options, stage.Context()).Run(TrainerTests.Regression.Spec, weights, new TrainerTests.Regression()))
            .Should().Throw<DivergedException>().WithMessage("*trained weights is not finite at step 1");
    }

    private List<MetricsEvent> Finish(string folder, int logEvery, int steps)
    {
        var stage = new TestStage(_folder.File(folder)) { LogEvery = logEvery };
        Run(Options(steps), stage, new TrainerTests.Regression());
        return Points(stage);
    }

    private List<MetricsEvent> Break(string folder, int logEvery, int breakAt)
    {
        var stage = new TestStage(_folder.File(folder)) { LogEvery = logEvery };
        var diverged = FluentActions.Invoking(() => Run(Options(300), stage, new TrainerTests.Regression(breakAt - 1)))
            .Should().Throw<DivergedException>().Which;
        diverged.Step.Should().Be(breakAt);
        diverged.Message.Should().Be($"loss is not finite at step {breakAt}");
        return Points(stage);
    }

    private void Stop(string folder, int logEvery, int stopAt)
    {
        var stage = new TestStage(_folder.File(folder)) { LogEvery = logEvery };
        FluentActions.Invoking(() => Run(Options(300), stage, new TrainerTests.Regression(taken: step =>
        {
            if (step == stopAt)
                stage.Stop();
        }))).Should().Throw<OperationCanceledException>();
    }

    private static TrainingOptions Options(int steps) => new(steps, LearningRate: 0.05, Ema: 0.9);

    private static void Run(TrainingOptions options, TestStage stage, TrainerTests.Regression objective)
    {
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(options, stage.Context()).Run(TrainerTests.Regression.Spec, weights, objective);
    }

    private static List<MetricsEvent> Points(TestStage stage) => [.. stage.Events.OfType<MetricsEvent>()];
}
