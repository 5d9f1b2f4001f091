namespace MfRae.Lab.Core.Execution;

/// <summary>
/// Tells a want of memory from other failures. The native libraries throw exceptions of no particular type, with these words; the
/// system instead ends the process, and counts that it did.
/// </summary>
internal static class MemoryShortage
{
    private const string Counter = "oom_kill ";

    private static readonly string[] Words =
        ["out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "bad allocation", "CUBLAS_STATUS_ALLOC_FAILED"];

    /// <summary>What to tell the user, or null where the exception is of another kind.</summary>
    public static string? Explain(Exception error) => error.Causes().FirstOrDefault(IsShortage) is { } cause
        ? $"there is not enough memory ({cause.Message.Split('\n')[0].TrimEnd()}). Run fewer stages at once (--jobs 1), or make "
            + "the batches smaller.\n" + error
        : null;

    private static bool IsShortage(Exception cause) => cause is OutOfMemoryException
        || Array.Exists(Words, word => cause.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>How many processes of this machine Linux has ended for want of memory since its boot; 0 where it does not say.</summary>
    public static long Kills()
    {
        try
        {
            return OperatingSystem.IsLinux()
                && File.ReadLines("/proc/vmstat").FirstOrDefault(line => line.StartsWith(Counter, StringComparison.Ordinal)) is { } line
                && long.TryParse(line.AsSpan(Counter.Length), out var kills) ? kills : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
