namespace MfRae.Lab.Core.Records;

/// <summary>The state of a stage, in lower case in the database.</summary>
public enum StageStatus
{
    /// <summary>Part of a plan that has not run yet.</summary>
    Planned,

    /// <summary>Waiting for its inputs or for a worker.</summary>
    Queued,

    /// <summary>A worker is computing it.</summary>
    Running,

    /// <summary>Stopped by the user; a later run resumes it.</summary>
    Interrupted,

    /// <summary>Failed by a bug, or a missing file or device, which the error describes.</summary>
    Failed,

    /// <summary>Values were not finite, or the gradient norm exceeded its declared limit.</summary>
    Diverged,

    /// <summary>Stopped by a rule that the experiment declares; not computed further.</summary>
    Stopped,

    /// <summary>Its worker was killed twice.</summary>
    Killed,

    /// <summary>The machine or device ran out of memory.</summary>
    OutOfMemory,

    /// <summary>Completed; its artifact is in the store.</summary>
    Completed,

    /// <summary>Not run: an input has no result, or only skipped stages need it.</summary>
    Skipped,
}

/// <summary>Properties and names of states.</summary>
public static class StageStatusExtensions
{
    /// <summary>Whether the stage was computed and has no result.</summary>
    public static bool IsFailure(this StageStatus status) => AttemptStatus.IsFailure(status.Name());

    /// <summary>The name in the database and in journals.</summary>
    public static string Name(this StageStatus status) =>
        status == StageStatus.OutOfMemory ? AttemptStatus.OutOfMemory : status.ToString().ToLowerInvariant();

    /// <summary>The name in sentences: `failed`, `out of memory`.</summary>
    public static string Word(this StageStatus status) => AttemptStatus.Word(status.Name());

    /// <summary>The predicate after the name of a stage: `failed`, `was killed`, `ran out of memory`.</summary>
    public static string Predicate(this StageStatus status) => status switch
    {
        StageStatus.Interrupted or StageStatus.Killed or StageStatus.Skipped or StageStatus.Stopped => "was " + status.Name(),
        StageStatus.OutOfMemory => "ran out of memory",
        _ => status.Name(),
    };
}

/// <summary>The values of <see cref="FinishedEvent.Status"/>.</summary>
public static class AttemptStatus
{
    /// <summary>The stage has a result.</summary>
    public const string Completed = "completed";

    /// <summary>Failed by a bug, or a missing file or device.</summary>
    public const string Failed = "failed";

    /// <summary>Values were not finite, or the gradient norm exceeded its limit.</summary>
    public const string Diverged = "diverged";

    /// <summary>Stopped by a rule that the experiment declares.</summary>
    public const string Stopped = "stopped";

    /// <summary>Stopped by the user.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The worker was killed.</summary>
    public const string Killed = "killed";

    /// <summary>The machine or device ran out of memory.</summary>
    public const string OutOfMemory = "outOfMemory";

    /// <summary>The statuses without a result, except interrupted.</summary>
    public static IReadOnlyList<string> Failures { get; } = [Failed, Diverged, Killed, OutOfMemory];

    /// <summary>Whether an attempt, stage or run ended without a result, except by an interruption.</summary>
    public static bool IsFailure(string status) => Failures.Contains(status);

    /// <summary>
    /// Whether the worker was ended by a signal or with its coordinator. A later attempt resumes from its checkpoint and gives the same
    /// numbers.
    /// </summary>
    public static bool IsFromOutside(string status) => status is Killed or Interrupted;

    /// <summary>The name in sentences: `failed`, `out of memory`.</summary>
    public static string Word(string status) => status == OutOfMemory ? "out of memory" : status;

    /// <summary>The state of a stage after an attempt without an artifact; null for a completed attempt.</summary>
    public static StageStatus? Leaves(string status) => status switch
    {
        Failed => StageStatus.Failed,
        Diverged => StageStatus.Diverged,
        Stopped => StageStatus.Stopped,
        Interrupted => StageStatus.Interrupted,
        Killed => StageStatus.Killed,
        OutOfMemory => StageStatus.OutOfMemory,
        _ => null,
    };
}
