using MfRae.Lab.Core.Records;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>How progress is shown: as a table that changes in place, or as lines. Calls come one at a time.</summary>
public interface IProgressDisplay
{
    void Begin(ProgressBoard board);

    /// <summary>A stage changed state.</summary>
    void Changed(StageView stage);

    /// <summary>A running stage told something new.</summary>
    void Progressed();

    /// <summary>A line that stays.</summary>
    void Say(string line);

    void End();
}

/// <summary>A table on a terminal that is drawn again twice a second, by a thread of its own.</summary>
public sealed class TableDisplay(IAnsiConsole console, Lock gate) : IProgressDisplay
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);

    private readonly Queue<string> _lines = new();
    private readonly ManualResetEventSlim _ended = new();
    private Thread? _painter;

    public void Begin(ProgressBoard board)
    {
        _painter = new Thread(() => Paint(board)) { IsBackground = true, Name = "progress" };
        _painter.Start();
    }

    public void Changed(StageView stage)
    {
        // The next drawing shows it.
    }

    public void Progressed()
    {
        // The next drawing shows it.
    }

    public void Say(string line)
    {
        line = MfRae.Lab.Cli.PrintableWriter.Clean(line);
        if (_painter is null)
            console.Write(new Unbroken(line));
        else
            _lines.Enqueue(line);
    }

    /// <summary>Draws a last time and waits for it: what follows must not mix with the table.</summary>
    public void End()
    {
        _ended.Set();
        _painter?.Join();
        _painter = null;
    }

    private void Paint(ProgressBoard board) => console
        .Live(Draw(board))
        .Overflow(VerticalOverflow.Ellipsis)
        .Start(live =>
        {
            while (!_ended.Wait(Redraw))
                Step(live, board);
            Step(live, board);
        });

    private void Step(LiveDisplayContext live, ProgressBoard board)
    {
        lock (gate)
        {
            while (_lines.TryDequeue(out var line))
                console.Write(new Unbroken(line));
        }

        live.UpdateTarget(Draw(board));
    }

    private IRenderable Draw(ProgressBoard board)
    {
        lock (gate)
            return StageTable.Render(board);
    }

    /// <summary>Lines as they are: the terminal folds what is too long, and a path can still be copied in one piece.</summary>
    private sealed class Unbroken(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            text.ReplaceLineEndings("\n").Split('\n').SelectMany(line => new[] { new Segment(line), Segment.LineBreak });
    }
}

/// <summary>Lines for files and pipes: one for each change of state, and one each half minute for what is running.</summary>
/// <param name="quiet">Leaves the half-minute lines out.</param>
public sealed class LineDisplay(TextWriter writer, TimeProvider time, bool quiet) : IProgressDisplay
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Dictionary<StageView, long> _started = [];
    private ProgressBoard? _board;
    private long _begun;
    private long _lastProgress;

    public void Begin(ProgressBoard board)
    {
        this._board = board;
        _begun = _lastProgress = time.GetTimestamp();
        if (board.Reused > 0)
            Say($"{board.Reused} of {board.Total} stages reused");
    }

    public void Changed(StageView stage)
    {
        // A plan queues dozens of stages at once; a line each would bury what happens.
        if (stage.Status is StageStatus.Planned or StageStatus.Queued || stage.Reused)
            return;
        if (stage.Status == StageStatus.Running)
            _started.TryAdd(stage, time.GetTimestamp());
        Say($"{stage.Node.Label} {stage.Status.Word()}{(stage.Status == StageStatus.Completed ? Completion(stage) : "")}");
    }

    public void Progressed()
    {
        if (quiet || time.GetElapsedTime(_lastProgress) < Pause)
            return;
        _lastProgress = time.GetTimestamp();
        foreach (var stage in _board!.Running)
        {
            string[] parts =
            [
                StageText.Steps(stage), StageText.Rate(stage), StageText.SampleRate(stage), Prefixed("loss ", StageText.Loss(stage)),
                Prefixed("left ", StageText.Left(stage)),
            ];
            Say($"{stage.Node.Label}: {string.Join(", ", parts.Where(part => part.Length > 0))}");
        }
    }

    public void Say(string line) =>
        writer.WriteLine(_board is null ? line : $"[{StageText.Duration(time.GetElapsedTime(_begun))}] {line}");

    public void End() => writer.Flush();

    /// <summary>The time since the stage first ran here, attempts that were killed included, and how many stages are complete.</summary>
    private string Completion(StageView stage)
    {
        var took = _started.TryGetValue(stage, out var at) ? $" in {StageText.Duration(time.GetElapsedTime(at))}" : "";
        return $"{took} ({_board!.Done}/{_board.Total})";
    }

    private static string Prefixed(string prefix, string text) => text.Length == 0 ? "" : prefix + text;
}
