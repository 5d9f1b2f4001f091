namespace MfRae.Lab.Core;

/// <summary>
/// Recognises memory shortage. The native libraries throw general exceptions with these words; the operating system kills the process and
/// counts the kill.
/// </summary>
public static class MemoryShortage
{
    private const string Counter = "oom_kill ";

    private static readonly string[] Words =
        ["out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "bad allocation", "CUBLAS_STATUS_ALLOC_FAILED"];

    /// <summary>Whether an exception, or one of its causes, is a shortage of memory of the machine or of a device.</summary>
    public static bool Is(Exception error) => error.Causes().Any(IsShortage);

    /// <summary>A message for the user, or null for another exception.</summary>
    public static string? Explain(Exception error) => error.Causes().FirstOrDefault(IsShortage) switch
    {
        null => null,
        LabException explained => $"{explained.Message}\n{error}",
        var cause => $"not enough memory ({cause.Message.Split('\n')[0].TrimEnd()}). Run fewer stages at once (--jobs 1), evaluate fewer samples of "
            + $"a training batch at once (--micro-batch, --recompute), or use smaller batches.\n{error}",
    };

    /// <summary>The number of processes that Linux has killed because of memory shortage since boot; 0 if it is unknown.</summary>
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

    private static bool IsShortage(Exception cause) => cause is OutOfMemoryException
        || Array.Exists(Words, word => cause.Message.Contains(word, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The causes of exceptions.</summary>
public static class ExceptionCauses
{
    /// <summary>The exception and its inner exceptions, from the outside in.</summary>
    public static IEnumerable<Exception> Causes(this Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
