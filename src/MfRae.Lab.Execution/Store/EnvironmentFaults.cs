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
