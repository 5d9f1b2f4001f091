namespace MfRae.Lab.Core.Tracking;

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
