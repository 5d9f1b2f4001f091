using System.Runtime.InteropServices;
using MfRae.Lab.Core;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>Settings of the OpenMP threads of the tensor library.</summary>
internal static class OpenMp
{
    /// <summary>
    /// Makes waiting threads sleep instead of spinning, so that other processes can use the cores; on an idle machine it costs nothing.
    /// Call it before the library is loaded, which reads the variable then. A variable that the user has set is kept.
    /// </summary>
    public static void LimitSpinning()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(OpenMpVariables.WaitPolicy) is not null)
            return;
        // .NET has a separate copy of the environment: variables set in it do not reach native code.
        _ = SetVariable(OpenMpVariables.SpinCount, OpenMpVariables.ShortSpinCount, overwrite: 0);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetVariable(string name, string value, int overwrite);
}

/// <summary>
/// glibc aligns large blocks by cutting them out of larger blocks, so that a freed block has no room for the next block of the same size:
/// loops over blocks of some megabytes increase the resident set although they hold no memory.
/// </summary>
internal static class NativeHeap
{
    /// <summary>Returns unused pages to the system, if the C library can.</summary>
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
