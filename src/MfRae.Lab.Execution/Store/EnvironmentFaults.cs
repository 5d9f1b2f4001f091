using MfRae.Lab.Core;

namespace MfRae.Lab.Execution.Store;

/// <summary>Distinguishes file errors that the machine causes, such as a full disk, from bugs.</summary>
public static class FileFault
{
    /// <summary>A message about an error that the user can repair, or null for another exception.</summary>
    public static string? Explain(Exception error) => error.Causes().Select(Known).FirstOrDefault(known => known is not null);

    /// <summary>The same for an error of the store. A full disk counts; an unreadable file elsewhere does not.</summary>
    internal static string? Explain(Exception error, ArtifactStore store) => error.Causes()
        .Where(cause => cause is not UnauthorizedAccessException || cause.Message.Contains(store.Root, StringComparison.Ordinal))
        .Select(Known).FirstOrDefault(known => known is not null) is { } known
            ? $"{store.Root}: cannot write to the store: {known}"
            : null;

    /// <summary>The exception to throw for an error of the store, or null for another exception.</summary>
    internal static LabException? OfStore(Exception error, ArtifactStore store) =>
        Explain(error, store) is { } text ? new LabException(text, error) : null;

    // The numbers of the system: errno on Unix, an HRESULT of Win32 on Windows.
    private static string? Known(Exception error) => error switch
    {
        UnauthorizedAccessException => $"{error.Message} Grant this user the permission and run the same command again.",
        IOException { HResult: 28 or 122 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } =>
            $"the disk is full ({error.Message}). Free some space and run the same command again; computed results are kept.",
        IOException { HResult: 30 or unchecked((int)0x80070013) } =>
            $"the disk is read-only ({error.Message}). Make it writable or give another path, then run the same command again.",
        IOException { HResult: 5 } => $"the disk reports an error ({error.Message}).",
        _ => null,
    };
}

/// <summary>
/// Recognises memory shortage. The native libraries throw general exceptions with these words; the operating system kills the process and
/// counts the kill.
/// </summary>
internal static class MemoryShortage
{
    private const string Counter = "oom_kill ";

    private static readonly string[] Words =
        ["out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "bad allocation", "CUBLAS_STATUS_ALLOC_FAILED"];

    /// <summary>A message for the user, or null for another exception.</summary>
    public static string? Explain(Exception error) => error.Causes().FirstOrDefault(IsShortage) is { } cause
        ? $"not enough memory ({cause.Message.Split('\n')[0].TrimEnd()}). Run fewer stages at once (--jobs 1), or use "
            + "smaller batches.\n" + error
        : null;

    private static bool IsShortage(Exception cause) => cause is OutOfMemoryException
        || Array.Exists(Words, word => cause.Message.Contains(word, StringComparison.OrdinalIgnoreCase));

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
}

internal static class ExceptionCauses
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
