namespace MfRae.Lab.Core.Tracking;

/// <summary>The values of <see cref="FinishedEvent.Status"/>.</summary>
public static class AttemptStatus
{
    public const string Completed = "completed";
    public const string Failed = "failed";
    public const string Diverged = "diverged";
    public const string Interrupted = "interrupted";
    public const string Killed = "killed";
    public const string OutOfMemory = "outOfMemory";
}
