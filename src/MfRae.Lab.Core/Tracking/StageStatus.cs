namespace MfRae.Lab.Core.Tracking;

/// <summary>Where a stage stands. Written to the database in lower case.</summary>
public enum StageStatus
{
    Planned,
    Queued,
    Running,
    Interrupted,
    Failed,
    Diverged,
    Completed,
    Skipped,
}
