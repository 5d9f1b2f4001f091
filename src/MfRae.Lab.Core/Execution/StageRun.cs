using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Where a stage stands in one run.</summary>
internal sealed class StageRun(StageNode node)
{
    public StageNode Node { get; } = node;

    public string Key => Node.Key;

    public StageStatus Status { get; set; } = StageStatus.Queued;

    public bool Cached { get; set; }

    public string? Error { get; set; }

    /// <summary>What an earlier run left of it is not to be used.</summary>
    public bool Anew { get; set; }

    /// <summary>Which of the jobs at work it is, from 0.</summary>
    public int Place { get; set; }

    /// <summary>The attempt of this run, or 0 where none was started.</summary>
    public int Attempt { get; set; }

    /// <summary>Processes that the system had ended for want of memory when the worker was started.</summary>
    public long StarvedBefore { get; set; }

    /// <summary>Workers of this run that were ended from outside.</summary>
    public int Deaths { get; set; }

    /// <summary>Since when it waits for the worker of an earlier coordinator to end; null where it does not.</summary>
    public long? BlockedSince { get; set; }

    public IRunningWorker? Worker { get; set; }

    public JournalTail? Tail { get; set; }
}
