using MfRae.Lab.Core.Records;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Shows progress as a table that changes in place, or as lines. Calls are never concurrent.</summary>
public interface IProgressDisplay
{
    /// <summary>Starts the display.</summary>
    void Begin(ProgressBoard board);

    /// <summary>A stage changed its status.</summary>
    void Changed(StageView stage);

    /// <summary>A running stage made progress.</summary>
    void Progressed();

    /// <summary>Writes a permanent line.</summary>
    void Say(string line);

    /// <summary>Ends the display.</summary>
    void End();
}

/// <summary>A table on a terminal, which a separate thread redraws twice a second.</summary>
public sealed class TableDisplay(IAnsiConsole console, Lock gate) : IProgressDisplay
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);

    private readonly Queue<string> _lines = new();
    private readonly ManualResetEventSlim _ended = new();
    private Thread? _painter;

    /// <inheritdoc/>
    public void Begin(ProgressBoard board)
    {
        _painter = new Thread(() => Paint(board)) { IsBackground = true, Name = "progress" };
        _painter.Start();
    }

    /// <inheritdoc/>
    public void Changed(StageView stage)
    {
        // The next drawing shows it.
    }

    /// <inheritdoc/>
    public void Progressed()
    {
        // The next drawing shows it.
    }

    /// <inheritdoc/>
    public void Say(string line)
    {
        line = MfRae.Lab.Cli.PrintableWriter.Clean(line);
        if (_painter is null)
            console.Write(new Unbroken(line));
        else
            _lines.Enqueue(line);
    }

    /// <summary>Draws the table for the last time and waits for it, so that later output does not mix with the table.</summary>
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

    /// <summary>Unwrapped lines: the terminal wraps long lines, and a path can still be copied in one piece.</summary>
    private sealed class Unbroken(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            text.ReplaceLineEndings("\n").Split('\n').SelectMany(line => new[] { new Segment(line), Segment.LineBreak });
    }
}

/// <summary>Lines for files and pipes: one for each change of status, and every 30 seconds one for each running stage.</summary>
/// <param name="writer">Receives the lines.</param>
/// <param name="time">The clock.</param>
/// <param name="quiet">Whether to write changes of status only.</param>
public sealed class LineDisplay(TextWriter writer, TimeProvider time, bool quiet) : IProgressDisplay
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Dictionary<StageView, long> _started = [];
    private ProgressBoard? _board;
    private long _begun;
    private long _lastProgress;

    /// <inheritdoc/>
    public void Begin(ProgressBoard board)
    {
        _board = board;
        _begun = _lastProgress = time.GetTimestamp();
        if (board.Reused > 0)
            Say($"{board.Reused} of {board.Total} stages reused");
    }

    /// <inheritdoc/>
    public void Changed(StageView stage)
    {
        // A plan queues dozens of stages at once; a line for each of them would hide the important ones.
        if (stage.Status is StageStatus.Planned or StageStatus.Queued || stage.Reused)
            return;
        // Of a stopped run, the training stands for all its stages.
        if (stage.Status == StageStatus.Stopped && !stage.Node.Definition.Trains())
            return;
        if (stage.Status == StageStatus.Running)
            _started.TryAdd(stage, time.GetTimestamp());
        Say($"{stage.Node.Label} {stage.Status.Word()}{(stage.Status == StageStatus.Completed ? Completion(stage) : "")}");
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public void Say(string line) =>
        writer.WriteLine(_board is null ? line : $"[{StageText.Duration(time.GetElapsedTime(_begun))}] {line}");

    /// <inheritdoc/>
    public void End() => writer.Flush();

    /// <summary>The time since the stage first started in this run, including killed attempts, the number of complete stages, and the time left.</summary>
    private string Completion(StageView stage)
    {
        var took = _started.TryGetValue(stage, out var at) ? $" in {StageText.Duration(time.GetElapsedTime(at))}" : "";
        var left = _board!.Left is { } span ? $", about {StageText.Duration(span)} left" : "";
        return $"{took} ({_board.Done}/{_board.Total}{left})";
    }

    private static string Prefixed(string prefix, string text) => text.Length == 0 ? "" : prefix + text;
}
