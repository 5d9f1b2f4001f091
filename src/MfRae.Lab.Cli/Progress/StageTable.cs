using MfRae.Lab.Core.Tracking;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>The live table: what runs and what went wrong in full, what is finished or waits in one line each.</summary>
public static class StageTable
{
    private const int WaitingShown = 5;

    /// <summary>The table as it is now; the width of the terminal decides at drawing what fits into a line.</summary>
    public static IRenderable Render(ProgressBoard board)
    {
        var lines = new StageLines();
        if (board.Reused > 0)
            lines.Add(Color.Grey, $"{board.Reused} stage{(board.Reused == 1 ? "" : "s")} reused");
        var computed = board.Done - board.Reused;
        if (computed > 0)
            lines.Add(Color.Green, $"{computed} stage{(computed == 1 ? "" : "s")} computed");
        foreach (var stage in board.Stages.Where(IsWrong))
            lines.Add(Color.Red, stage.Node.Label, " " + stage.Status.Word());
        foreach (var stage in board.Running)
            lines.AddRunning(stage);
        var waiting = board.Stages.Where(stage => stage.Status is StageStatus.Planned or StageStatus.Queued).ToList();
        foreach (var stage in waiting.Take(WaitingShown))
            lines.Add(Color.Grey, stage.Node.Label, " " + stage.Status.Word());
        if (waiting.Count > WaitingShown)
            lines.Add(Color.Grey, $"{waiting.Count - WaitingShown} more to come");
        return lines;
    }

    private static bool IsWrong(StageView stage) =>
        stage.Status.IsFailure() || stage.Status is StageStatus.Interrupted or StageStatus.Skipped;
}
