namespace MfRae.Lab.Core.Tracking;

/// <summary>Where a stage stands. Written to the database in lower case.</summary>
public enum StageStatus
{
    Planned,
    Queued,
    Running,
    Interrupted,

    /// <summary>A bug, a missing file or device: its error says which.</summary>
    Failed,

    /// <summary>The numbers left the finite range, or the gradient norm its declared limit.</summary>
    Diverged,

    /// <summary>Its worker was ended from outside, twice.</summary>
    Killed,

    /// <summary>There was not enough memory, of the machine or of the device.</summary>
    OutOfMemory,
    Completed,
    Skipped,
}
