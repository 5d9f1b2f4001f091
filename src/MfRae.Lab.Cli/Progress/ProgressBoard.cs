using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Every stage of the plan that runs, in the plan's order.</summary>
public sealed class ProgressBoard(Plan plan, IReadOnlySet<string> cached)
{
    private readonly Dictionary<string, StageView> _byKey =
        plan.Stages.ToDictionary(node => node.Key, node => new StageView(node, cached.Contains(node.Key)));

    public IEnumerable<StageView> Stages => plan.Stages.Select(node => _byKey[node.Key]);

    public IEnumerable<StageView> Running => Stages.Where(stage => stage.Status == StageStatus.Running);

    public int Reused => Stages.Count(stage => stage.Reused);

    public int Done => Stages.Count(stage => stage.Status == StageStatus.Completed);

    public int Total => plan.Stages.Count;

    /// <summary>The stage, or null for a key that is not in the plan.</summary>
    public StageView? Find(string key) => _byKey.GetValueOrDefault(key);
}

/// <summary>What is known of one stage while the plan runs.</summary>
public sealed class StageView(StageNode node, bool reused)
{
    private readonly RateMeter _meter = new();

    public StageNode Node { get; } = node;

    /// <summary>Complete, and this run did not compute it.</summary>
    public bool Reused { get; private set; } = reused;

    public StageStatus Status { get; private set; } = reused ? StageStatus.Completed : StageStatus.Planned;

    public string? Reason { get; private set; }

    public long Step { get; private set; }

    public long Total { get; private set; }

    public string Unit { get; private set; } = "";

    /// <summary>Training samples in a step; 0 where a step is not one of training.</summary>
    public int Samples { get; private set; }

    /// <summary>The last value of the series `loss`; null while there is none or it is not finite.</summary>
    public double? Loss { get; private set; }

    public double? PerSecond => _meter.PerSecond;

    public TimeSpan? Left => PerSecond is > 0 && Total > Step ? TimeSpan.FromSeconds((Total - Step) / PerSecond.Value) : null;

    /// <summary>True if this changed anything.</summary>
    public bool Change(StageStatus status, string? reason)
    {
        var changed = status != Status;
        // Complete without ever having run: an earlier run did the work.
        Reused = status == StageStatus.Completed && (Reused || Status != StageStatus.Running);
        Status = status;
        Reason = reason ?? Reason;
        return changed;
    }

    public void Apply(JournalLine line)
    {
        switch (line.Event)
        {
            case StartedEvent:
                Step = 0;
                Loss = null;
                break;
            case ResumedEvent resumed:
                Step = resumed.Step;
                _meter.Mark(line.At, resumed.Step);
                break;
            case ProgressEvent progress:
                Step = progress.Step;
                Total = progress.Total;
                Unit = progress.Unit;
                Samples = progress.Samples;
                _meter.Mark(line.At, progress.Step);
                break;
            case MetricsEvent metrics when metrics.Values.TryGetValue("loss", out var loss):
                Loss = loss;
                break;
        }
    }
}

/// <summary>Steps per second over the last half minute of a journal, by the journal's own times.</summary>
public sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Queue<(DateTimeOffset At, long Step)> _marks = new();
    private (DateTimeOffset At, long Step) _last;

    /// <summary>Null before two marks at different times.</summary>
    public double? PerSecond
    {
        get
        {
            if (_marks.Count < 2)
                return null;
            var first = _marks.Peek();
            var seconds = (_last.At - first.At).TotalSeconds;
            return seconds > 0 ? (_last.Step - first.Step) / seconds : null;
        }
    }

    /// <summary>Forgets what was marked: something else begins.</summary>
    public void Restart()
    {
        _marks.Clear();
        _last = default;
    }

    public void Mark(DateTimeOffset at, long step)
    {
        // A resumed attempt starts behind where the last one stood.
        if (step < _last.Step)
            _marks.Clear();
        _last = (at, step);
        _marks.Enqueue(_last);
        while (_marks.Count > 2 && at - _marks.Peek().At > Window)
            _marks.Dequeue();
    }
}
