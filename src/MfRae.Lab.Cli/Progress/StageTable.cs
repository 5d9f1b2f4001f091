using MfRae.Lab.Core.Tracking;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>The live table: what runs and what went wrong in full, what is finished or waits in one line each.</summary>
public static class StageTable
{
    private const int WaitingShown = 5;

    public static IRenderable Render(ProgressBoard board)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders();
        foreach (var alignment in new[] { Justify.Left, Justify.Left, Justify.Right, Justify.Right, Justify.Right, Justify.Right })
            table.AddColumn(new TableColumn("") { Alignment = alignment, NoWrap = true });

        if (board.Reused > 0)
            Line(table, "grey", $"{board.Reused} stage{(board.Reused == 1 ? "" : "s")} reused");
        var computed = board.Done - board.Reused;
        if (computed > 0)
            Line(table, "green", $"{computed} stage{(computed == 1 ? "" : "s")} computed");
        foreach (var stage in board.Stages.Where(IsWrong))
            Line(table, "red", $"{stage.Node.Label} {stage.Status.Word()}");
        foreach (var stage in board.Running)
            Row(table, stage);
        var waiting = board.Stages.Where(stage => stage.Status is StageStatus.Planned or StageStatus.Queued).ToList();
        foreach (var stage in waiting.Take(WaitingShown))
            Line(table, "grey", $"{stage.Node.Label} {stage.Status.Word()}");
        if (waiting.Count > WaitingShown)
            Line(table, "grey", $"{waiting.Count - WaitingShown} more to come");
        return table;
    }

    private static bool IsWrong(StageView stage) =>
        stage.Status.IsFailure() || stage.Status is StageStatus.Interrupted or StageStatus.Skipped;

    private static void Row(Table table, StageView stage) => table.AddRow(
        new Markup(Markup.Escape(stage.Node.Label)),
        new Markup("[yellow]running[/]"),
        new Markup(Markup.Escape(StageText.Steps(stage))),
        new Markup(Markup.Escape(StageText.Rate(stage))),
        new Markup(stage.Loss is null ? "" : "loss " + StageText.Loss(stage)),
        new Markup(stage.Left is null ? "" : StageText.Left(stage) + " left"));

    private static void Line(Table table, string colour, string text) => table.AddRow(new Markup($"[{colour}]{Markup.Escape(text)}[/]"));
}
