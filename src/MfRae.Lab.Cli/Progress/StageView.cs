using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Progress;

/// <summary>What is known of one stage while the plan runs.</summary>
public sealed class StageView(StageNode node, bool reused)
{
    private readonly RateMeter meter = new();

    public StageNode Node { get; } = node;

    /// <summary>Complete, and this run did not compute it.</summary>
    public bool Reused { get; private set; } = reused;

    public StageStatus Status { get; private set; } = reused ? StageStatus.Completed : StageStatus.Planned;

    public string? Reason { get; private set; }

    public long Step { get; private set; }

    public long Total { get; private set; }

    public string Unit { get; private set; } = "";

    /// <summary>The last value of the series `loss`; null while there is none or it is not finite.</summary>
    public double? Loss { get; private set; }

    public double? PerSecond => meter.PerSecond;

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
                meter.Mark(line.At, resumed.Step);
                break;
            case ProgressEvent progress:
                Step = progress.Step;
                Total = progress.Total;
                Unit = progress.Unit;
                meter.Mark(line.At, progress.Step);
                break;
            case MetricsEvent metrics when metrics.Values.TryGetValue("loss", out var loss):
                Loss = loss;
                break;
        }
    }
}
