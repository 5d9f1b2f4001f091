using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Starts workers: as processes, or inside the test process.</summary>
public interface IWorkerLauncher
{
    /// <summary>Starts a worker.</summary>
    /// <param name="store">The store.</param>
    /// <param name="spec">The task of the worker.</param>
    /// <param name="folder">The stage's folder with its spec.</param>
    /// <exception cref="LabException">The worker cannot be started.</exception>
    IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder);
}

/// <summary>Starts each worker as a separate process.</summary>
/// <param name="fileName">The program, such as `dotnet` or this executable.</param>
/// <param name="arguments">The arguments before the stage's folder, such as `lab.dll worker --folder`.</param>
public sealed class WorkerProcessLauncher(string fileName, IReadOnlyList<string> arguments) : IWorkerLauncher
{
    /// <inheritdoc/>
    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        IReadOnlyList<string> command = RankCommand.Of(spec.Settings, [fileName, .. arguments, folder]);
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1)])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = spec.WorkingDirectory,
        };
        WorkerEnvironment.Apply(start.Environment, spec.Settings.Threads);

        try
        {
            var process = Process.Start(start) ?? throw new LabException($"the worker {fileName} did not start");
            return new WorkerProcess(process, new WorkerLog(store, spec.Node.Key, spec.Attempt));
        }
        catch (Win32Exception e)
        {
            throw new LabException($"cannot start the worker {fileName}: {e.Message}", e);
        }
    }
}

/// <summary>The environment variables of a worker. Numeric libraries read them once, when they are loaded.</summary>
public static class WorkerEnvironment
{
    // 128 MiB: more than fifty training steps allocate.
    private const string CollectionBudget = "8000000";

    /// <summary>Sets the variables. Values that the user has set for waiting and for collections are kept.</summary>
    /// <param name="threads">Threads inside an operator; 0: one.</param>
    public static void Apply(IDictionary<string, string?> environment, int threads)
    {
        foreach (var name in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
        {
            environment[name] = Math.Max(1, threads).ToString(CultureInfo.InvariantCulture);
        }
        if (!environment.ContainsKey(OpenMpVariables.WaitPolicy))
            environment.TryAdd(OpenMpVariables.SpinCount, OpenMpVariables.ShortSpinCount);
        // A training step frees and allocates the same large blocks again. By default glibc returns them to the system each time, and a third
        // of the step is spent in page faults. These variables keep the blocks (no effect on other systems).
        environment["MALLOC_MMAP_MAX_"] = "0";
        environment["MALLOC_TRIM_THRESHOLD_"] = (8L << 30).ToString(CultureInfo.InvariantCulture);
        environment["MALLOC_TOP_PAD_"] = (64L << 20).ToString(CultureInfo.InvariantCulture);
        // TorchSharp keeps no scalar alive while a native call reads it. A collection that another thread causes may free it under the call.
        // Training and sampling collect between steps and batches; with this budget (hexadecimal bytes) no other collection starts before.
        environment.TryAdd("DOTNET_GCgen0size", CollectionBudget);
    }
}

/// <summary>A started worker.</summary>
public interface IRunningWorker : IDisposable
{
    /// <summary>The exit code, after the worker has exited.</summary>
    Task<int> Exit { get; }

    /// <summary>The last lines of its output; complete after the worker has exited.</summary>
    string Tail { get; }

    /// <summary>Asks the worker to write a checkpoint and exit; does not wait.</summary>
    void RequestStop();

    /// <summary>Kills the worker.</summary>
    void Kill();
}

/// <summary>A worker in a separate process, whose standard input is its lifeline.</summary>
internal sealed class WorkerProcess : IRunningWorker
{
    private readonly Process _process;
    private readonly WorkerLog _log;

    public WorkerProcess(Process process, WorkerLog log)
    {
        _process = process;
        _log = log;
        process.OutputDataReceived += (_, line) => log.Append(line.Data);
        process.ErrorDataReceived += (_, line) => log.Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exit = WaitAsync();
    }

    public Task<int> Exit { get; }

    public string Tail => _log.Tail;

    public void RequestStop()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The worker exited at the same moment.
        }
    }

    public void Kill()
    {
        if (!Exit.IsCompleted)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _process.ExitCode;
    }
}

/// <summary>Exit codes of a worker process.</summary>
public static class WorkerExit
{
    /// <summary>The stage is complete.</summary>
    public const int Completed = 0;

    /// <summary>The stage failed or diverged; the journal says which.</summary>
    public const int Failed = 1;

    /// <summary>
    /// The machine cannot compute the stage. Unless the journal says that only this stage failed, no stage can be computed here: the store
    /// cannot be written, or the device does not exist.
    /// </summary>
    public const int Environment = 4;

    /// <summary>The worker was asked to stop and wrote a checkpoint if it could.</summary>
    public const int Interrupted = 130;

    /// <summary>Whether the process was killed: by a signal on Unix, by a fault or a termination on Windows.</summary>
    public static bool IsSignal(int code) => code is (> 128 and < 128 + 65 and not Interrupted) or < 0;

    /// <summary>The status of an attempt whose journal has no end.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="starved">Whether the system killed processes because of memory shortage meanwhile.</param>
    public static string Status(int code, bool starved) => code switch
    {
        128 + 4 or 128 + 6 or 128 + 7 or 128 + 8 or 128 + 11 => AttemptStatus.Failed,
        128 + 9 when starved => AttemptStatus.OutOfMemory,
        _ when IsSignal(code) => AttemptStatus.Killed,
        _ => AttemptStatus.Failed,
    };

    /// <summary>A message for the user about an exit code.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="starved">Whether the system killed processes because of memory shortage meanwhile.</param>
    /// <param name="ranks">The number of processes of the stage. The first one that fails ends the others.</param>
    public static string Describe(int code, bool starved = false, int ranks = 1)
    {
        var worker = ranks == 1 ? "the worker" : $"one of the {ranks} ranks of the stage";
        return code switch
        {
            128 + 9 when starved => $"the system killed {worker} (signal 9) because of memory shortage. Run fewer stages at once (--jobs 1), or use "
                + "smaller batches",
            128 + 6 => $"{worker} aborted (signal 6) in a native library",
            128 + 9 => $"{worker} was killed (signal 9) by a user or by the system, for example because of memory shortage",
            128 + 11 => $"{worker} crashed (signal 11): invalid memory access in a native library",
            _ when IsSignal(code) && code > 0 => $"{worker} was killed by signal {code - 128}",
            _ when ranks > 1 => $"{worker} exited with code {code}; the end of their output follows",
            _ => $"the worker exited with code {code} and its journal gives no reason",
        };
    }
}

/// <summary>Sends the signal of Ctrl-C to a process without a terminal.</summary>
public static class ProcessSignal
{
    private const int Interrupt = 2;

    /// <summary>Whether the system supports it; Windows cannot interrupt a process of another console.</summary>
    public static bool IsPossible => !OperatingSystem.IsWindows();

    /// <summary>Sends the signal to a process.</summary>
    /// <returns>Whether the signal was sent; false if the process has exited, since its number may belong to another process.</returns>
    public static bool TryInterrupt(ProcessIdentity process) =>
        // Numbers below 2 mean all processes or the first process of the system.
        IsPossible && process.Pid > 1 && process.IsOnThisHost && process.IsAlive() && Kill(process.Pid, Interrupt) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
