using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Tracking;
using Spectre.Console.Testing;

namespace MfRae.Lab.Cli.Tests.Progress;

public sealed class StageTableTests
{
    [Fact]
    public void Reused_stages_are_one_line()
    {
        var board = new ProgressBoard(Plans.Of("dataset", "encoder", "teacher"), new HashSet<string> { "dataset", "encoder" });

        var lines = Draw(board);

        lines.Should().Contain("2 stages reused").And.Contain("teacher planned");
        lines.Should().NotContain(line => line.Contains("dataset") || line.Contains("encoder"));
    }

    [Fact]
    public void A_running_stage_shows_steps_rate_loss_and_time_left()
    {
        var board = new ProgressBoard(Plans.Of("teacher"), new HashSet<string>());
        var stage = board.Find("teacher")!;
        stage.Change(StageStatus.Running, null);
        stage.Apply(Plans.Line(1, 0, new ProgressEvent(0, 1000, "step")));
        stage.Apply(Plans.Line(2, 10, new ProgressEvent(200, 1000, "step")));
        stage.Apply(Plans.Line(3, 10, new MetricsEvent(200, new Dictionary<string, double?> { ["loss"] = 0.123456 })));

        Draw(board).Should().ContainSingle(line => line.Contains("teacher")).Which
            .Should().ContainAll("running", "step 200/1000", "20.0/s", "loss 0.1235", "0:40 left");
    }

    [Fact]
    public void Square_brackets_in_a_label_are_text()
    {
        var board = new ProgressBoard(Plans.Of("meanflow [red]arm[/]"), new HashSet<string>());

        Draw(board).Should().Contain("meanflow [red]arm[/] planned");
    }

    [Fact]
    public void Only_the_next_of_many_waiting_stages_are_named()
    {
        var board = new ProgressBoard(Plans.Of([.. Enumerable.Range(0, 40).Select(number => $"stage{number}")]), new HashSet<string>());

        var lines = Draw(board);

        lines.Should().HaveCount(6).And.Contain("35 more to come");
    }

    [Fact]
    public void What_failed_stays_in_view()
    {
        var board = new ProgressBoard(Plans.Of("cmt", "meanflow"), new HashSet<string>());
        board.Find("cmt")!.Change(StageStatus.Diverged, "loss is not finite at step 7");
        board.Find("meanflow")!.Change(StageStatus.Skipped, "cmt diverged");

        Draw(board).Should().Equal("cmt diverged", "meanflow skipped");
    }

    private static IReadOnlyList<string> Draw(ProgressBoard board)
    {
        using var console = new TestConsole().Width(120);
        console.Write(StageTable.Render(board));
        return [.. console.Output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
    }
}
