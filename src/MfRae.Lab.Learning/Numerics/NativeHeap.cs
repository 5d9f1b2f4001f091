using System.Runtime.InteropServices;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>
/// glibc aligns large blocks by cutting them out of larger ones, so that the hole that one leaves does not take the next of the same
/// size: loops over blocks of some megabytes grow the resident set without holding anything.
/// </summary>
internal static class NativeHeap
{
    /// <summary>Gives pages that nobody uses back to the system, where the C library can.</summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = MallocTrim(0);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    [DllImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static extern int MallocTrim(nuint kept);
}
