namespace MfRae.Lab.Cli.Progress;

/// <summary>Steps per second over the last half minute of a journal, by the journal's own times.</summary>
public sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Queue<(DateTimeOffset At, long Step)> marks = new();
    private (DateTimeOffset At, long Step) last;

    /// <summary>Null before two marks at different times.</summary>
    public double? PerSecond
    {
        get
        {
            if (marks.Count < 2)
                return null;
            var first = marks.Peek();
            var seconds = (last.At - first.At).TotalSeconds;
            return seconds > 0 ? (last.Step - first.Step) / seconds : null;
        }
    }

    /// <summary>Forgets what was marked: something else begins.</summary>
    public void Restart()
    {
        marks.Clear();
        last = default;
    }

    public void Mark(DateTimeOffset at, long step)
    {
        // A resumed attempt starts behind where the last one stood.
        if (step < last.Step)
            marks.Clear();
        last = (at, step);
        marks.Enqueue(last);
        while (marks.Count > 2 && at - marks.Peek().At > Window)
            marks.Dequeue();
    }
}
