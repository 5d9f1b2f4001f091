using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Execution;

/// <summary>What Ctrl-C does, to a process that has no terminal here.</summary>
public static class ProcessSignal
{
    private const int Interrupt = 2;

    /// <summary>Windows has no way to interrupt a process of another console.</summary>
    public static bool IsPossible => !OperatingSystem.IsWindows();

    /// <returns>Whether it was sent: not where the process has ended, and its number may be another's by now.</returns>
    public static bool TryInterrupt(ProcessIdentity process) =>
        // Numbers below 2 are not one process but all of them, or the system's first.
        IsPossible && process.Pid > 1 && process.IsOnThisHost && process.IsAlive() && Kill(process.Pid, Interrupt) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
