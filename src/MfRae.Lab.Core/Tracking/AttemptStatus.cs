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

    /// <summary>The ends without a result, of itself or from outside.</summary>
    public static IReadOnlyList<string> Failures { get; } = [Failed, Diverged, Killed, OutOfMemory];

    /// <summary>Whether it ended without a result, of itself or from outside; for stages and runs as well.</summary>
    public static bool IsFailure(string status) => Failures.Contains(status);

    /// <summary>
    /// Whether the worker was ended from outside, by a signal or with its coordinator. A later attempt goes on from its checkpoint, and ends
    /// with the same numbers.
    /// </summary>
    public static bool IsFromOutside(string status) => status is Killed or Interrupted;

    /// <summary>As a sentence has it: `failed`, `out of memory`.</summary>
    public static string Word(string status) => status == OutOfMemory ? "out of memory" : status;

    /// <summary>Where an attempt leaves its stage that made no artifact; null for one that says it completed.</summary>
    public static StageStatus? Leaves(string status) => status switch
    {
        Failed => StageStatus.Failed,
        Diverged => StageStatus.Diverged,
        Interrupted => StageStatus.Interrupted,
        Killed => StageStatus.Killed,
        OutOfMemory => StageStatus.OutOfMemory,
        _ => null,
    };
}
