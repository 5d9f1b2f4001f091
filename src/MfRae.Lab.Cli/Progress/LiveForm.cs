using Spectre.Console;
using Spectre.Console.Rendering;

namespace MfRae.Lab.Cli.Progress;

/// <summary>A table on a terminal that is drawn again twice a second, by a thread of its own.</summary>
public sealed class LiveForm(IAnsiConsole console, Lock gate) : IProgressForm
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);

    private readonly Queue<string> lines = new();
    private readonly ManualResetEventSlim ended = new();
    private Thread? painter;

    public void Begin(ProgressBoard board)
    {
        painter = new Thread(() => Paint(board)) { IsBackground = true, Name = "progress" };
        painter.Start();
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
        line = Output.PrintableWriter.Clean(line);
        if (painter is null)
            console.Write(new Unbroken(line));
        else
            lines.Enqueue(line);
    }

    /// <summary>Draws a last time and waits for it: what follows must not mix with the table.</summary>
    public void End()
    {
        ended.Set();
        painter?.Join();
        painter = null;
    }

    private void Paint(ProgressBoard board) => console
        .Live(Draw(board))
        .Overflow(VerticalOverflow.Ellipsis)
        .Start(live =>
        {
            while (!ended.Wait(Redraw))
                Step(live, board);
            Step(live, board);
        });

    private void Step(LiveDisplayContext live, ProgressBoard board)
    {
        lock (gate)
        {
            while (lines.TryDequeue(out var line))
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
