using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using MfRae.Lab.TestSupport;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

[Scoped]
public sealed class WatchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_watched_training_has_the_same_bits_and_a_curve()
    {
        var watched = Train("watched", new(5), _ => 1, out var journal);

        watched.Should().Equal(Train("plain", null, _ => 1, out _));
        Curve(journal).Should().Equal((5, 1), (10, 1), (15, 1), (20, 1));
    }

    [Fact]
    public void A_training_stops_after_evaluations_without_a_new_best_value()
    {
        // The best value is that of step 4; 9.95 is no decrease by 0.1.
        double[] values = [12, 10, 9.95, 10.5, 11, 1];
        var stage = new TestStage(_folder.File("stopped"));

        var stop = FluentActions.Invoking(() => Run(stage, new(2, Patience: 3, MinDelta: 0.1), step => values[(step / 2) - 1]))
            .Should().Throw<StoppedException>().Which;

        stop.Step.Should().Be(10);
        stop.Message.Should().Be("stopped at step 10: 3 evaluations without an FID below 10, the value at step 4");
        Curve(stage).Should().HaveCount(5);
    }

    [Fact]
    public void A_training_with_progress_is_never_stopped() =>
        FluentActions.Invoking(() => Train("better", new(1, Patience: 1), step => -step, out _)).Should().NotThrow();

    [Fact]
    public void A_value_that_is_not_finite_is_no_progress_and_null_in_the_curve()
    {
        var stage = new TestStage(_folder.File("broken"));

        FluentActions.Invoking(() => Run(stage, new(5, Patience: 2), step => step == 5 ? 3 : double.NaN)).Should().Throw<StoppedException>();

        Curve(stage).Should().Equal((5, 3), (10, null), (15, null));
    }

    [Fact]
    public void A_resumed_training_decides_as_an_uninterrupted_one()
    {
        static double Value(long step) => step <= 6 ? 10 - step : 20;
        var whole = FluentActions.Invoking(() => Train("whole", new(2, Patience: 4), Value, out _)).Should().Throw<StoppedException>().Which;

        FluentActions.Invoking(() => Run(new TestStage(_folder.File("cut")) { StopAfter = 13 }, new(2, Patience: 4), Value))
            .Should().Throw<OperationCanceledException>();
        var resumed = FluentActions.Invoking(() => Run(new TestStage(_folder.File("cut")), new(2, Patience: 4), Value))
            .Should().Throw<StoppedException>().Which;

        (resumed.Step, resumed.Message).Should().Be((whole.Step, whole.Message));
    }

    private static IEnumerable<(long Step, double? Value)> Curve(TestStage journal) => journal.Events.OfType<MetricsEvent>()
        .Where(point => point.Values.ContainsKey(MetricNames.WatchFid)).Select(point => (point.Step, point.Values[MetricNames.WatchFid]));

    private float[] Train(string name, WatchOptions? options, Func<long, double> value, out TestStage journal) =>
        Run(journal = new TestStage(_folder.File(name)), options, value);

    /// <param name="value">The FID by the number of completed steps.</param>
    private static float[] Run(TestStage stage, WatchOptions? options, Func<long, double> value)
    {
        long done = 0;
        var context = stage.Context();
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
        var watch = options is null ? null : new Watch(options, context, average =>
        {
            // Draws from the generator of libtorch do not change the training either.
            _ = randn(3) + average.Flat[0];
            return value(done);
        });
        using var average = new Trainer(new TrainingOptions(20, LearningRate: 0.05, Ema: 0.9), context).Run(
            TrainerTests.Regression.Spec, weights, new TrainerTests.Regression(taken: step => done = step), watch: watch);
        return average.Flat.data<float>().ToArray();
    }
}
