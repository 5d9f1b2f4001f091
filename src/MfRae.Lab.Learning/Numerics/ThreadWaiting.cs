using System.Runtime.InteropServices;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Learning.Numerics;

/// <summary>How the threads of the tensor library wait for each other.</summary>
internal static class ThreadWaiting
{
    /// <summary>
    /// Lets them wait without keeping cores busy, which others may need; on a quiet machine it costs nothing. It must be called before the
    /// library is loaded, which reads the variable then. Whoever has set either variable knows better.
    /// </summary>
    public static void Calm()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(OpenMpWaiting.Policy) is not null)
            return;
        // The runtime keeps variables of its own: those that are set there do not reach native code.
        _ = SetVariable(OpenMpWaiting.SpinCount, OpenMpWaiting.Short, overwrite: 0);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetVariable(string name, string value, int overwrite);
}
