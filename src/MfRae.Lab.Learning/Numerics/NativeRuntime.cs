using System.Runtime.InteropServices;
using MfRae.Lab.Core;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>How the threads of the tensor library wait for each other.</summary>
internal static class OpenMp
{
    /// <summary>
    /// Lets them wait without keeping cores busy, which others may need; on a quiet machine it costs nothing. It must be called before the
    /// library is loaded, which reads the variable then. Whoever has set either variable knows better.
    /// </summary>
    public static void LimitSpinning()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(OpenMpVariables.WaitPolicy) is not null)
            return;
        // The runtime keeps variables of its own: those that are set there do not reach native code.
        _ = SetVariable(OpenMpVariables.SpinCount, OpenMpVariables.ShortSpinCount, overwrite: 0);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetVariable(string name, string value, int overwrite);
}

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
