using Spectre.Console;

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
            console.WriteLine(line);
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
                console.WriteLine(line);
        }

        live.UpdateTarget(Draw(board));
    }

    private Spectre.Console.Rendering.IRenderable Draw(ProgressBoard board)
    {
        lock (gate)
            return StageTable.Render(board);
    }
}
