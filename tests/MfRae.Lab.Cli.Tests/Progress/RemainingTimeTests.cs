using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Cli.Tests.Progress;

public sealed class RemainingTimeTests
{
    private readonly FakeTimeProvider _time = new(Plans.Start);
    private readonly StageTimes _times = new();

    [Fact]
    public void Without_any_time_of_a_stage_it_is_unknown() => Board(1, "a", "b").Left.Should().BeNull();

    [Fact]
    public void The_work_is_divided_among_the_jobs()
    {
        _times.Add(new ProbeStage(), new(30, 30));

        Board(1, "a", "b", "c", "d").Left.Should().Be(TimeSpan.FromMinutes(2));
        Board(2, "a", "b", "c", "d").Left.Should().Be(TimeSpan.FromMinutes(1));
        Board(8, "a", "b").Left.Should().Be(TimeSpan.FromSeconds(30), "a stage runs on one job");
    }

    [Fact]
    public void A_running_stage_counts_what_is_left_of_it()
    {
        _times.Add(new ProbeStage(), new(30, 30));
        var board = Board(1, "a", "b");
        var stage = board.Find("a")!;
        stage.Change(StageStatus.Running, null);
        stage.Apply(Plans.Line(1, 0, new StartedEvent(1, "host", 1, "boot", "cpu", 1)));
        _time.Advance(TimeSpan.FromSeconds(10));
        board.Left.Should().Be(TimeSpan.FromSeconds(50), "10 of the 30 seconds have passed");

        stage.Apply(Plans.Line(2, 0, new ProgressEvent(0, 100, "step")));
        stage.Apply(Plans.Line(3, 10, new ProgressEvent(20, 100, "step")));
        board.Left.Should().Be(TimeSpan.FromSeconds(70), "80 steps at 2 per second, and the other stage");

        _time.Advance(TimeSpan.FromHours(1));
        board.Find("b")!.Change(StageStatus.Skipped, null);
        stage.Apply(Plans.Line(4, 50, new ProgressEvent(100, 100, "step")));
        board.Left.Should().Be(TimeSpan.Zero, "a stage that takes longer than predicted may end at any time");
        stage.Change(StageStatus.Completed, null);
        board.Left.Should().BeNull();
    }

    [Fact]
    public void A_completed_attempt_has_a_time_unless_it_resumed()
    {
        var stage = Board(1, "a").Find("a")!;
        stage.Apply(Plans.Line(1, 0, new StartedEvent(1, "host", 1, "boot", "cpu", 1)));
        stage.Apply(Plans.Line(2, 0, new FinishedEvent(AttemptStatus.Completed, 7, 9, 1, null)));
        stage.Took.Should().Be(new StageTime(7, 9));

        var resumed = Board(1, "b").Find("b")!;
        resumed.Apply(Plans.Line(1, 0, new StartedEvent(2, "host", 1, "boot", "cpu", 1)));
        resumed.Apply(Plans.Line(2, 0, new ResumedEvent(5)));
        resumed.Apply(Plans.Line(3, 0, new FinishedEvent(AttemptStatus.Completed, 7, 9, 1, null)));
        resumed.Took.Should().BeNull();
    }

    private ProgressBoard Board(int jobs, params string[] labels) =>
        new(Plans.Of(labels), new HashSet<string>(), new RemainingTime(_times, jobs, _time));
}
