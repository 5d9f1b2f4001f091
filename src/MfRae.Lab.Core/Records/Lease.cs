using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Records;

/// <summary>The content of a lease file. Its owner renews the file's modification time, which is the heartbeat.</summary>
/// <param name="Token">Distinguishes two leases of one process.</param>
/// <param name="Experiment">The experiment that the stage is computed for; experiments share stages.</param>
public sealed record Lease(ProcessIdentity Owner, string Token, string? Experiment = null);

/// <summary>The identity of a process. Process numbers are reused, so it includes the boot and the start time.</summary>
/// <param name="BootId">Identifies the boot of the host on Linux; empty elsewhere.</param>
/// <param name="Started">The start time of the process in a unit of the system, for comparison only.</param>
/// <param name="Job">The Slurm job that the process belongs to, such as `12_3` for a task of an array; null outside of Slurm.</param>
public sealed record ProcessIdentity(
    string Host, int Pid, string BootId, string Started, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Job = null)
{
    /// <summary>The current process.</summary>
    public static ProcessIdentity Current() =>
        new(Environment.MachineName, Environment.ProcessId, CurrentBootId(), StartOf(Environment.ProcessId) ?? "", SlurmVariables.Job());

    /// <summary>The owner of a lease that this version cannot read.</summary>
    public static ProcessIdentity Unknown { get; } = new("", 0, "", "");

    /// <summary>Whether the process is on this host.</summary>
    public bool IsOnThisHost => Host == Environment.MachineName;

    /// <summary>Whether the process, which must be on this host, is still running.</summary>
    public bool IsAlive() => BootId == CurrentBootId() && StartOf(Pid) == Started;

    /// <summary>The process in messages.</summary>
    public override string ToString() => this == Unknown ? "a process of another version of the program" : $"process {Pid} on {Host}{(Job is null ? "" : $" (Slurm job {Job})")}";

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

/// <summary>The variables that Slurm sets for the processes of a job.</summary>
public static class SlurmVariables
{
    /// <summary>The job of this process as Slurm's commands name it: `12_3` for a task of an array, `12` for another job, null outside of Slurm.</summary>
    public static string? Job() => Value("SLURM_ARRAY_JOB_ID") is { } array && Value("SLURM_ARRAY_TASK_ID") is { } task
        ? $"{array}_{task}"
        : Value("SLURM_JOB_ID");

    /// <summary>How often Slurm has started the job again.</summary>
    public static int Restarts() =>
        int.TryParse(Value("SLURM_RESTART_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    private static string? Value(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
