using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>A scheduler of jobs on a cluster. Each method is one call of it.</summary>
public interface IJobScheduler
{
    /// <summary>Submits a batch script.</summary>
    /// <param name="script">The path of the script.</param>
    /// <param name="dependencies">What the array waits for, in Slurm's notation; empty: nothing.</param>
    /// <returns>The job of the array.</returns>
    /// <exception cref="LabException">The scheduler refuses the script or cannot be reached.</exception>
    string Submit(string script, string dependencies);

    /// <summary>The jobs of the user, one for each task of an array. Jobs that ended a short time ago may be among them.</summary>
    /// <exception cref="LabException">The scheduler cannot be reached.</exception>
    IReadOnlyList<QueuedJob> Queue();

    /// <summary>The state of a job, such as RUNNING; null if it is unknown.</summary>
    string? State(string job);

    /// <summary>Starts a running job again, from its beginning. Returns whether the scheduler agreed.</summary>
    bool Requeue(string job);

    /// <summary>Cancels jobs.</summary>
    /// <exception cref="LabException">The scheduler cannot be reached.</exception>
    void Cancel(IReadOnlyList<string> jobs);
}

/// <summary>A job in the queue.</summary>
/// <param name="Id">The job, such as `12_3`.</param>
/// <param name="State">The state in Slurm's words, such as PENDING.</param>
/// <param name="Reason">Why it waits or ended, in Slurm's words.</param>
/// <param name="Comment">The comment of its batch script, which names the array's files (<see cref="JobFolder"/>).</param>
public sealed record QueuedJob(string Id, string State, string Reason, string Comment)
{
    private static readonly HashSet<string> Ended =
        ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "PREEMPTED", "REVOKED"];

    /// <summary>Whether the job waits, runs or will run again.</summary>
    public bool IsOpen => !Ended.Contains(State);

    /// <summary>Whether the job waits.</summary>
    public bool Waits => State is "PENDING" or "REQUEUED" or "REQUEUE_HOLD" or "REQUEUE_FED" or "SPECIAL_EXIT";

    /// <summary>The job of the whole array.</summary>
    public string ArrayJob => Id.Split('_')[0];

    /// <summary>The index in the array; -1 for a job without an array.</summary>
    public int Index => Id.Split('_') is [_, var index] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>State and reason for people.</summary>
    public string Describe() => $"Slurm job {Id}: {State.ToLowerInvariant().Replace('_', ' ')}{(Reason is "None" or "" ? "" : $" ({Reason})")}";
}

/// <summary>Slurm, by its commands. No accounting is needed.</summary>
public sealed class SlurmScheduler : IJobScheduler
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public string Submit(string script, string dependencies)
    {
        var answer = Call("sbatch", dependencies.Length > 0 ? ["--parsable", "--dependency=" + dependencies, script] : ["--parsable", script]);
        // JOB, or JOB;CLUSTER.
        var job = answer.Trim().Split('\n')[^1].Split(';')[0];
        return job.Length > 0 && job.All(char.IsAsciiDigit)
            ? job
            : throw new LabException($"sbatch answered '{answer.Trim()}' instead of the number of a job");
    }

    /// <inheritdoc/>
    public IReadOnlyList<QueuedJob> Queue() =>
        [.. Call("squeue", ["--noheader", "--me", "--array", "--states=all", "--format=%i|%T|%r|%k"]).Split('\n').Select(Parse).OfType<QueuedJob>()];

    /// <inheritdoc/>
    public string? State(string job)
    {
        try
        {
            return Call("squeue", ["--noheader", "--jobs=" + job, "--states=all", "--format=%T"]).Split('\n')[0].Trim() is { Length: > 0 } state ? state : null;
        }
        catch (LabException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool Requeue(string job)
    {
        try
        {
            Call("scontrol", ["requeue", job]);
            return true;
        }
        catch (LabException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Cancel(IReadOnlyList<string> jobs)
    {
        if (jobs.Count > 0)
        {
            Call("scancel", [.. jobs]);
        }
    }

    private static QueuedJob? Parse(string line) => line.Split('|', 4) is [var id, var state, var reason, var comment]
        ? new(id.Trim(), state.Trim(), reason.Trim(), comment.Trim())
        : null;

    private static string Call(string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }) ?? throw new LabException($"{program} did not start");
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                throw new LabException($"{program} gave no answer for {Patience.TotalMinutes} minutes. Is Slurm's controller running?");
            }

            return process.ExitCode == 0
                ? output.GetAwaiter().GetResult()
                : throw new LabException($"{program} failed: {error.GetAwaiter().GetResult().Trim()}");
        }
        catch (Win32Exception e)
        {
            throw new LabException($"cannot start {program}: {e.Message}. --launcher slurm needs the commands of Slurm on the PATH", e);
        }
    }
}
