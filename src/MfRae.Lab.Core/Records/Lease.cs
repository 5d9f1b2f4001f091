using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MfRae.Lab.Core.Records;

/// <summary>The content of a lease file; its time of modification is the heartbeat.</summary>
/// <param name="Token">Tells two leases of one process apart.</param>
/// <param name="Experiment">What it is computed for: a stage alone does not tell, since experiments share stages.</param>
public sealed record Lease(ProcessIdentity Owner, string Token, string? Experiment = null);

/// <summary>Which process: a number alone is used again, so it goes with the boot and the time of its start.</summary>
/// <param name="BootId">Identifies the boot of the host on Linux; empty elsewhere.</param>
/// <param name="Started">The start of the process, in the unit of the system; only to be compared.</param>
public sealed record ProcessIdentity(string Host, int Pid, string BootId, string Started)
{
    public static ProcessIdentity Current() =>
        new(Environment.MachineName, Environment.ProcessId, CurrentBootId(), StartOf(Environment.ProcessId) ?? "");

    /// <summary>The owner of a lease that this version cannot read.</summary>
    public static ProcessIdentity Unknown { get; } = new("", 0, "", "");

    public bool IsOnThisHost => Host == Environment.MachineName;

    /// <summary>Whether the process, which must be one of this host, still runs.</summary>
    public bool IsAlive() => BootId == CurrentBootId() && StartOf(Pid) == Started;

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

    /// <summary>Null where no such process runs. A zombie has ended: only its parent has not noticed yet.</summary>
    private static string? StartOf(int pid)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(pid);
                return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
            }

            // The second field is the program's name in parentheses and may hold anything; the third is the state,
            // the twenty-second the start in clock ticks since the boot.
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
