using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Records;
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
    public void Only_the_first_waiting_stages_are_named()
    {
        var board = new ProgressBoard(Plans.Of([.. Enumerable.Range(0, 40).Select(number => $"stage{number}")]), new HashSet<string>());

        var lines = Draw(board);

        lines.Should().HaveCount(6).And.Contain("35 more waiting");
    }

    [Fact]
    public void Failed_stages_remain_visible()
    {
        var board = new ProgressBoard(Plans.Of("cmt", "meanflow"), new HashSet<string>());
        board.Find("cmt")!.Change(StageStatus.Diverged, "loss is not finite at step 7");
        board.Find("meanflow")!.Change(StageStatus.Skipped, "cmt diverged");

        Draw(board).Should().Equal("cmt diverged", "meanflow skipped");
    }

    [Theory]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    public void A_narrow_terminal_breaks_neither_words_nor_numbers(int width)
    {
        var board = Busy();

        var lines = Draw(board, width);

        lines.Should().OnlyContain(line => line.Length <= width);
        lines.Should().HaveCount(5, "each stage has one line");
        lines[0].Should().StartWith("meanflow").And.Contain("seed 1").And.EndWith(" failed");
        lines[1].Should().StartWith("meanflow").And.Contain("seed 2").And.Contain("step 1200/20000");
        lines[2].Should().StartWith("cmt").And.Contain("step 5/10");
        lines[^1].Should().StartWith("sampling").And.EndWith(" planned");
    }

    [Fact]
    public void Eighty_columns_show_the_time_left_and_a_hundred_and_twenty_show_everything()
    {
        Draw(Busy(), 80)[1].Should().EndWith("2:36 left").And.Contain("120/s");
        Draw(Busy(), 120)[1].Should().ContainAll(
            "meanflow meanflow.lambda=0.25,meanflow.seed=17 seed 2", "running", "step 1200/20000", "120/s", "loss 0.1235", "2:36 left");
    }

    [Fact]
    public void Letters_that_take_two_cells_are_counted_as_two()
    {
        var board = new ProgressBoard(Plans.Of("meanflow " + new string('実', 40)), new HashSet<string>());

        Draw(board, 40).Should().ContainSingle().Which.Should().EndWith(" planned").And.Match<string>(line => line.Sum(letter => letter == '実' ? 2 : 1) <= 40);
    }

    private static ProgressBoard Busy()
    {
        string[] labels =
        [
            "meanflow meanflow.lambda=0.25,meanflow.seed=17 seed 1", "meanflow meanflow.lambda=0.25,meanflow.seed=17 seed 2", "cmt",
            "evaluation meanflow.lambda=0.25,meanflow.seed=17 seed 1", "sampling meanflow.lambda=0.25,meanflow.seed=17 seed 2",
        ];
        var board = new ProgressBoard(Plans.Of(labels), new HashSet<string>());
        board.Find(labels[0])!.Change(StageStatus.Failed, "no memory");
        var busy = board.Find(labels[1])!;
        busy.Change(StageStatus.Running, null);
        busy.Apply(Plans.Line(1, 0, new ProgressEvent(0, 20000, "step")));
        busy.Apply(Plans.Line(2, 10, new ProgressEvent(1200, 20000, "step")));
        busy.Apply(Plans.Line(3, 10, new MetricsEvent(1200, new Dictionary<string, double?> { ["loss"] = 0.123456 })));
        board.Find(labels[2])!.Change(StageStatus.Running, null);
        board.Find(labels[2])!.Apply(Plans.Line(1, 0, new ProgressEvent(5, 10, "step")));
        return board;
    }

    private static IReadOnlyList<string> Draw(ProgressBoard board, int width = 120)
    {
        using var console = new TestConsole().Width(width);
        console.Write(StageTable.Render(board));
        return [.. console.Output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
    }
}
