using MfRae.Lab.Core;

namespace MfRae.Lab.Execution.Store;

/// <summary>Tells what the machine does to files, a full disk above all, from what would be a bug.</summary>
public static class FileFault
{
    /// <summary>One sentence on a fault that whoever runs the program can put right, or null where the exception is of another kind.</summary>
    public static string? Explain(Exception error) => error.Causes().Select(Known).FirstOrDefault(known => known is not null);

    /// <summary>The same for a fault of the store: a disk that takes no more is, a file elsewhere that may not be read is not.</summary>
    internal static string? Explain(Exception error, ArtifactStore store) => error.Causes()
        .Where(cause => cause is not UnauthorizedAccessException || cause.Message.Contains(store.Root, StringComparison.Ordinal))
        .Select(Known).FirstOrDefault(known => known is not null) is { } known
            ? $"the store {store.Root} cannot be written: {known}"
            : null;

    /// <summary>The exception to throw for a fault of the store, or null where it is none.</summary>
    internal static LabException? OfStore(Exception error, ArtifactStore store) =>
        Explain(error, store) is { } text ? new LabException(text, error) : null;

    // The number is the system's: errno on Unix, an HRESULT of Win32 on Windows.
    private static string? Known(Exception error) => error switch
    {
        UnauthorizedAccessException => $"{error.Message} Give this user the right to, and run the same command again.",
        IOException { HResult: 28 or 122 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } =>
            $"the disk is full ({error.Message}). Make room and run the same command again: what was computed is kept.",
        IOException { HResult: 30 or unchecked((int)0x80070013) } =>
            $"the disk is read-only ({error.Message}). Make it writable, or name another place, and run the same command again.",
        IOException { HResult: 5 } => $"the disk reports an error ({error.Message}).",
        _ => null,
    };
}

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

internal static class ExceptionCauses
{
    /// <summary>The exception, and what it wraps, from the outside in.</summary>
    public static IEnumerable<Exception> Causes(this Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
