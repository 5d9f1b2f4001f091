namespace MfRae.Lab.Core.Records;

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

/// <summary>What the states have in common, and how they are spelt.</summary>
public static class StageStatusExtensions
{
    /// <summary>The stage was computed and has no result.</summary>
    public static bool IsFailure(this StageStatus status) => AttemptStatus.IsFailure(status.Name());

    /// <summary>As the database and journals spell it.</summary>
    public static string Name(this StageStatus status) =>
        status == StageStatus.OutOfMemory ? AttemptStatus.OutOfMemory : status.ToString().ToLowerInvariant();

    /// <summary>As a sentence has it: `failed`, `out of memory`.</summary>
    public static string Word(this StageStatus status) => AttemptStatus.Word(status.Name());

    /// <summary>After the name of a stage: `failed`, `was killed`, `ran out of memory`.</summary>
    public static string Predicate(this StageStatus status) => status switch
    {
        StageStatus.Interrupted or StageStatus.Killed or StageStatus.Skipped => "was " + status.Name(),
        StageStatus.OutOfMemory => "ran out of memory",
        _ => status.Name(),
    };
}

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
