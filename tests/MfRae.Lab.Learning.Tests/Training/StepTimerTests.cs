using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

[Scoped]
public sealed class StepTimerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_step_there_is_no_cost() => new StepTimer(new Clock(), CPU).Cost(1).Should().BeNull();

    [Theory]
    [InlineData(5, 5, 0.003)]
    [InlineData(40, 36, 0.0225)]
    [InlineData(400, 380, 0.2105)]
    public void The_cost_is_the_median_without_the_first_steps(int steps, int counted, double median)
    {
        var clock = new Clock();
        var timer = new StepTimer(clock, CPU);
        for (var step = 1; step <= steps; step++)
        {
            timer.Start();
            clock.Advance(step * 0.001);
            timer.Stop();
            clock.Advance(1000);
        }

        var cost = timer.Cost(7)!;

        cost.StepSeconds.Should().BeApproximately(median, 1e-9);
        cost.Steps.Should().Be(counted);
        cost.PeakBytes.Should().Be(7);
    }

    [Fact]
    public void A_training_ends_with_its_cost_and_a_resumed_one_counts_its_own_steps()
    {
        Run(20, stopAt: 12).Events.OfType<CostEvent>().Should().BeEmpty();

        var cost = Run(20).Events.OfType<CostEvent>().Should().ContainSingle().Which;

        cost.Steps.Should().Be(8);
        cost.StepSeconds.Should().BePositive();
        cost.PeakBytes.Should().BeGreaterThan(1 << 20);
    }

    [Fact]
    public void A_training_that_diverges_has_a_cost_too()
    {
        var stage = new TestStage(_folder.File("diverges"));
        FluentActions.Invoking(() => Run(stage, 10, new TrainerTests.Regression(breakAt: 3))).Should().Throw<Core.DivergedException>();
        stage.Events.OfType<CostEvent>().Should().ContainSingle().Which.Steps.Should().Be(4);
    }

    private TestStage Run(int steps, int stopAt = int.MaxValue)
    {
        var stage = new TestStage(_folder.File("run"));
        var objective = new TrainerTests.Regression(taken: step =>
        {
            if (step == stopAt)
                stage.Stop();
        });
        if (stopAt < steps)
            FluentActions.Invoking(() => Run(stage, steps, objective)).Should().Throw<OperationCanceledException>();
        else
            Run(stage, steps, objective);
        return stage;
    }

    private static void Run(TestStage stage, int steps, TrainerTests.Regression objective)
    {
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
        using var average = new Trainer(new TrainingOptions(steps), stage.Context()).Run(TrainerTests.Regression.Spec, weights, objective);
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(double seconds) => _ticks += (long)Math.Round(seconds * TimeSpan.TicksPerSecond);

        public override long GetTimestamp() => _ticks;
    }
}
