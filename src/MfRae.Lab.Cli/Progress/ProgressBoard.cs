using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Cli.Progress;

/// <summary>The state of all stages of the running plan.</summary>
/// <param name="plan">The plan.</param>
/// <param name="cached">The keys of the stages that were complete before.</param>
/// <param name="remaining">Predicts the time left; null: it is unknown.</param>
public sealed class ProgressBoard(Plan plan, IReadOnlySet<string> cached, RemainingTime? remaining = null)
{
    private readonly Dictionary<string, StageView> _byKey =
        plan.Stages.ToDictionary(node => node.Key, node => new StageView(node, cached.Contains(node.Key)));

    /// <summary>All stages, in the order of the plan.</summary>
    public IEnumerable<StageView> Stages => plan.Stages.Select(node => _byKey[node.Key]);

    /// <summary>The running stages.</summary>
    public IEnumerable<StageView> Running => Stages.Where(stage => stage.Status == StageStatus.Running);

    /// <summary>The number of stages that another run computed.</summary>
    public int Reused => Stages.Count(stage => stage.Reused);

    /// <summary>The number of complete stages.</summary>
    public int Done => Stages.Count(stage => stage.Status == StageStatus.Completed);

    /// <summary>The number of all stages.</summary>
    public int Total => plan.Stages.Count;

    /// <summary>The estimated time until all stages are complete; null if it is unknown, or if no stage is left.</summary>
    public TimeSpan? Left => remaining?.Of([.. Stages]);

    /// <summary>The stage with this key; null if the plan does not contain it.</summary>
    public StageView? Find(string key) => _byKey.GetValueOrDefault(key);
}

/// <summary>The state and progress of one stage while the plan runs.</summary>
/// <param name="node">The stage.</param>
/// <param name="reused">Whether the stage was complete before.</param>
public sealed class StageView(StageNode node, bool reused)
{
    private readonly RateMeter _meter = new();
    private bool _resumed;

    /// <summary>The stage in the plan.</summary>
    public StageNode Node { get; } = node;

    /// <summary>Whether the stage is complete but was not computed by this run.</summary>
    public bool Reused { get; private set; } = reused;

    /// <summary>The current status.</summary>
    public StageStatus Status { get; private set; } = reused ? StageStatus.Completed : StageStatus.Planned;

    /// <summary>The reason of the status, or null.</summary>
    public string? Reason { get; private set; }

    /// <summary>The current step.</summary>
    public long Step { get; private set; }

    /// <summary>The number of steps; 0 if unknown.</summary>
    public long Total { get; private set; }

    /// <summary>The unit of the steps, such as `step` or `image`.</summary>
    public string Unit { get; private set; } = "";

    /// <summary>Training samples in a step; 0 where a step is not one of training.</summary>
    public int Samples { get; private set; }

    /// <summary>The last value of the series `loss`; null before the first value, or if it is not finite.</summary>
    public double? Loss { get; private set; }

    /// <summary>Steps per second; null if unknown.</summary>
    public double? PerSecond => _meter.PerSecond;

    /// <summary>The estimated remaining time; null if unknown.</summary>
    public TimeSpan? Left => PerSecond is > 0 && Total > Step ? TimeSpan.FromSeconds((Total - Step) / PerSecond.Value) : null;

    /// <summary>The start of the current attempt; null before it.</summary>
    public DateTimeOffset? Started { get; private set; }

    /// <summary>The time of a completed attempt that did not resume an earlier one; otherwise null.</summary>
    public StageTime? Took { get; private set; }

    /// <summary>Changes the status.</summary>
    /// <returns>Whether the status is different from before.</returns>
    public bool Change(StageStatus status, string? reason)
    {
        var changed = status != Status;
        // A stage that is complete without having run was computed by an earlier run.
        Reused = status == StageStatus.Completed && (Reused || Status != StageStatus.Running);
        Status = status;
        Reason = reason ?? Reason;
        return changed;
    }

    /// <summary>Updates the progress from a line of the journal.</summary>
    public void Apply(JournalLine line)
    {
        switch (line.Event)
        {
            case StartedEvent:
                Step = 0;
                Loss = null;
                Started = line.At;
                _resumed = false;
                break;
            case FinishedEvent { Status: AttemptStatus.Completed } finished when !_resumed:
                Took = new(finished.WallSeconds, finished.CpuSeconds);
                break;
            case ResumedEvent resumed:
                _resumed = true;
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

/// <summary>Estimates the time until all stages are complete: the remaining work divided among the jobs, but at least the longest chain of stages.</summary>
/// <param name="times">The times of stages on this machine, with those of this run.</param>
/// <param name="jobs">The number of stages that run at the same time.</param>
/// <param name="time">The clock.</param>
public sealed class RemainingTime(StageTimes times, int jobs, TimeProvider time)
{
    /// <summary>The estimate; null if it is unknown or no stage is left.</summary>
    /// <param name="stages">All stages, inputs before users.</param>
    public TimeSpan? Of(IReadOnlyList<StageView> stages)
    {
        double total = 0;
        double longest = 0;
        var ends = new Dictionary<string, double>();
        foreach (var stage in stages.Where(stage => stage.Status is StageStatus.Planned or StageStatus.Queued or StageStatus.Running))
        {
            if (Seconds(stage) is not { } seconds)
                return null;
            total += seconds;
            ends[stage.Node.Key] = seconds + stage.Node.Inputs.Values.Select(input => ends.GetValueOrDefault(input)).DefaultIfEmpty(0).Max();
            longest = Math.Max(longest, ends[stage.Node.Key]);
        }

        return ends.Count == 0 ? null : TimeSpan.FromSeconds(Math.Max(total / jobs, longest));
    }

    private double? Seconds(StageView stage)
    {
        if (stage.Left is { } left)
            return left.TotalSeconds;
        var elapsed = stage is { Status: StageStatus.Running, Started: { } started } ? (time.GetUtcNow() - started).TotalSeconds : 0;
        return times.Guess(stage.Node.Definition) is { } predicted ? Math.Max(0, predicted.WallSeconds - elapsed) : null;
    }
}

/// <summary>Measures steps per second over the last 30 seconds of a journal, by the times in the journal.</summary>
public sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Queue<(DateTimeOffset At, long Step)> _marks = new();
    private (DateTimeOffset At, long Step) _last;

    /// <summary>Steps per second; null before two marks at different times.</summary>
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

    /// <summary>Removes all marks.</summary>
    public void Restart()
    {
        _marks.Clear();
        _last = default;
    }

    /// <summary>Records the step at a time.</summary>
    public void Mark(DateTimeOffset at, long step)
    {
        // A resumed attempt starts at an earlier step than the previous attempt reached.
        if (step < _last.Step)
            _marks.Clear();
        _last = (at, step);
        _marks.Enqueue(_last);
        while (_marks.Count > 2 && at - _marks.Peek().At > Window)
            _marks.Dequeue();
    }
}
