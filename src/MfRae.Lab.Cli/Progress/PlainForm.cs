using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Lines for files and pipes: one for each change of state, and one each half minute for what is running.</summary>
/// <param name="quiet">Leaves the half-minute lines out.</param>
public sealed class PlainForm(TextWriter writer, TimeProvider time, bool quiet) : IProgressForm
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Dictionary<StageView, long> started = [];
    private ProgressBoard? board;
    private long begun;
    private long lastProgress;

    public void Begin(ProgressBoard board)
    {
        this.board = board;
        begun = lastProgress = time.GetTimestamp();
        if (board.Reused > 0)
            Say($"{board.Reused} of {board.Total} stages reused");
    }

    public void Changed(StageView stage)
    {
        // A plan queues dozens of stages at once; a line each would bury what happens.
        if (stage.Status is StageStatus.Planned or StageStatus.Queued || stage.Reused)
            return;
        if (stage.Status == StageStatus.Running)
            started.TryAdd(stage, time.GetTimestamp());
        Say($"{stage.Node.Label} {stage.Status.Word()}{(stage.Status == StageStatus.Completed ? Completion(stage) : "")}");
    }

    public void Progressed()
    {
        if (quiet || time.GetElapsedTime(lastProgress) < Pause)
            return;
        lastProgress = time.GetTimestamp();
        foreach (var stage in board!.Running)
        {
            string[] parts = [StageText.Steps(stage), StageText.Rate(stage), Prefixed("loss ", StageText.Loss(stage)), Prefixed(
                "left ", StageText.Left(stage))];
            Say($"{stage.Node.Label}: {string.Join(", ", parts.Where(part => part.Length > 0))}");
        }
    }

    public void Say(string line) =>
        writer.WriteLine(board is null ? line : $"[{StageText.Duration(time.GetElapsedTime(begun))}] {line}");

    public void End() => writer.Flush();

    /// <summary>The time since the stage first ran here, attempts that were killed included, and how many stages are complete.</summary>
    private string Completion(StageView stage)
    {
        var took = started.TryGetValue(stage, out var at) ? $" in {StageText.Duration(time.GetElapsedTime(at))}" : "";
        return $"{took} ({board!.Done}/{board.Total})";
    }

    private static string Prefixed(string prefix, string text) => text.Length == 0 ? "" : prefix + text;
}
