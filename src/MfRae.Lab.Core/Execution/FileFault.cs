using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Execution;

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
