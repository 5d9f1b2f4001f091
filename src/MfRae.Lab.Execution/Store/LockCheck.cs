using System.ComponentModel;
using System.Diagnostics;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Checks whether the locks of a file system exclude a second process. The runtime treats a lock as taken if the system answers that it has no
/// locks, so only two processes can tell.
/// </summary>
public static class LockCheck
{
    /// <summary>The hidden verb that the second process runs, with the path of the locked file.</summary>
    public const string Verb = "try-lock";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Whether this process can take the lock of a file.</summary>
    public static bool CanTake(string path)
    {
        using var taken = FileLock.Try(path);
        return taken is not null;
    }

    /// <summary>Locks a file in a folder and lets a second process try the same.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="program">This program, with its first arguments.</param>
    /// <returns>Whether the second process was excluded; null if it did not run.</returns>
    public static bool? Excludes(string folder, IReadOnlyList<string> program)
    {
        var path = Path.Combine(folder, $".lock-check.{Environment.ProcessId}");
        try
        {
            using var held = FileLock.Try(path);
            using var second = Process.Start(new ProcessStartInfo(program[0], [.. program.Skip(1), Verb, path])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            if (second is null || !second.WaitForExit(Patience))
            {
                second?.Kill();
                return null;
            }

            return second.ExitCode switch { 0 => false, 1 => true, _ => null };
        }
        catch (Win32Exception)
        {
            return null;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
