using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

[Scoped]
public sealed class CheckpointWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Weights _weights = Weights.Initialise(TrainerTests.Regression.Spec, new RandomSource(0, CPU), CPU);
    private readonly TestStage _stage;

    public CheckpointWriterTests() => _stage = new(_folder.File("stage")) { CheckpointSeconds = 0 };

    public void Dispose()
    {
        _weights.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(0.5, 30)]
    [InlineData(2, 100)]
    [InlineData(22, 900)]
    public void Writing_takes_at_most_two_percent_of_the_time_between_limits(double cost, double interval) =>
        CheckpointSchedule.Interval(null, TimeSpan.FromSeconds(cost)).TotalSeconds.Should().BeApproximately(interval, 1e-6);

    [Fact]
    public void A_fixed_interval_does_not_depend_on_the_cost() =>
        CheckpointSchedule.Interval(7, TimeSpan.FromSeconds(100)).Should().Be(TimeSpan.FromSeconds(7));

    [Fact]
    public void The_next_interval_begins_with_a_checkpoint_and_follows_from_its_cost()
    {
        var time = new ManualTime();
        var schedule = new CheckpointSchedule(null, time);
        time.Now += TimeSpan.FromSeconds(29);
        schedule.IsDue.Should().BeFalse("nothing is known about the cost yet");
        time.Now += TimeSpan.FromSeconds(1);
        schedule.IsDue.Should().BeTrue();

        schedule.Begin();
        time.Now += TimeSpan.FromSeconds(4);
        schedule.End(TimeSpan.FromSeconds(4));

        time.Now += TimeSpan.FromSeconds(195);
        schedule.IsDue.Should().BeFalse("4 s are 2 % of 200 s");
        time.Now += TimeSpan.FromSeconds(1);
        schedule.IsDue.Should().BeTrue();
    }

    [Fact]
    public void With_too_little_memory_for_a_copy_the_training_writes_the_checkpoint_itself()
    {
        using var writer = Writer(available: bytes => (2 * bytes) - 1);
        writer.WriteIfDue(3);

        _stage.Events.Should().Equal(new CheckpointEvent(3));
        File.Exists(_folder.File("stage/checkpoint.3.safetensors")).Should().BeTrue();
    }

    [Fact]
    public void A_checkpoint_in_the_background_is_complete_before_the_next_one_is_written()
    {
        using (var writer = Writer(available: bytes => 2 * bytes))
        {
            writer.WriteIfDue(3);
            _stage.Events.Should().BeEmpty("it is reported by a later step");
            writer.WriteNow(4);
        }

        _stage.Events.Should().Equal(new CheckpointEvent(3), new CheckpointEvent(4));
        Directory.EnumerateFiles(_folder.File("stage"), "checkpoint.*").Select(path => Path.GetFileName(path))
            .Should().BeEquivalentTo("checkpoint.4.safetensors", "checkpoint.json");
    }

    [Fact]
    public void A_checkpoint_that_could_not_be_written_in_the_background_is_a_failure_of_the_training()
    {
        using var writer = Writer(available: _ => long.MaxValue);
        // A folder in the place of the file.
        Directory.CreateDirectory(_folder.File("stage/checkpoint.1.safetensors.tmp"));
        writer.WriteIfDue(1);

        FluentActions.Invoking(() => writer.WriteNow(2)).Should().Throw<UnauthorizedAccessException>();
    }

    private CheckpointWriter Writer(Func<long, long> available)
    {
        var context = _stage.Context();
        var options = new TrainingOptions(10);
        var last = new LastSteps(5, CPU);
        var checkpoint = new Checkpoint(
            context.Folder, _weights, _weights, new AdamW(options, _weights), new CurveWindow(), new GradientWatch(options, CPU), last);
        return new(checkpoint, context, () => available(checkpoint.Bytes));
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
