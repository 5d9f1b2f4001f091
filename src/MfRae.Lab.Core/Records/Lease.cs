using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Core.Records;

/// <summary>The content of a lease file, whose modification time is the heartbeat.</summary>
/// <param name="Token">Distinguishes two leases of one process.</param>
/// <param name="Experiment">The experiment that the stage is computed for; experiments share stages.</param>
public sealed record Lease(ProcessIdentity Owner, string Token, string? Experiment = null);

/// <summary>The identity of a process. Process numbers are reused, so it includes the boot and the start time.</summary>
/// <param name="BootId">Identifies the boot of the host on Linux; empty elsewhere.</param>
/// <param name="Started">The start time of the process in a unit of the system, for comparison only.</param>
public sealed record ProcessIdentity(string Host, int Pid, string BootId, string Started)
{
    /// <summary>The current process.</summary>
    public static ProcessIdentity Current() =>
        new(Environment.MachineName, Environment.ProcessId, CurrentBootId(), StartOf(Environment.ProcessId) ?? "");

    /// <summary>The owner of a lease that this version cannot read.</summary>
    public static ProcessIdentity Unknown { get; } = new("", 0, "", "");

    /// <summary>Whether the process is on this host.</summary>
    public bool IsOnThisHost => Host == Environment.MachineName;

    /// <summary>Whether the process, which must be on this host, is still running.</summary>
    public bool IsAlive() => BootId == CurrentBootId() && StartOf(Pid) == Started;

    /// <summary>The process in messages.</summary>
    public override string ToString() => this == Unknown ? "a process of another version of the program" : $"process {Pid} on {Host}";

    private static string CurrentBootId()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The start time of a process, or null if it is not running. A zombie has ended; its parent has not reaped it yet.</summary>
    private static string? StartOf(int pid)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(pid);
                return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
            }

            // The second field is the program's name in parentheses and may contain any character; the third is the state, and the
            // twenty-second is the start in clock ticks since the boot.
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (Exception e) when (
            e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            return null;
        }
    }
}
