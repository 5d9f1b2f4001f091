using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Starts workers: as processes, or in tests within this one.</summary>
public interface IWorkerLauncher
{
    /// <param name="folder">The stage's folder, with its spec.</param>
    /// <exception cref="LabException">No worker can be started here.</exception>
    IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder);
}

/// <summary>Starts each worker as a process of its own.</summary>
/// <param name="fileName">The program, such as `dotnet` or this executable.</param>
/// <param name="arguments">What comes before the stage's folder, such as `lab.dll worker --folder`.</param>
public sealed class WorkerProcessLauncher(string fileName, IReadOnlyList<string> arguments) : IWorkerLauncher
{
    public IRunningWorker Start(ArtifactStore store, StageSpec spec, string folder)
    {
        var start = new ProcessStartInfo(fileName, [.. arguments, folder])
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = spec.WorkingDirectory,
        };
        // Numeric libraries read these once, when they are loaded.
        var threads = Math.Max(1, spec.Settings.Threads).ToString(CultureInfo.InvariantCulture);
        foreach (var name in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
        {
            start.Environment[name] = threads;
        }
        if (!start.Environment.ContainsKey(OpenMpVariables.WaitPolicy))
            start.Environment.TryAdd(OpenMpVariables.SpinCount, OpenMpVariables.ShortSpinCount);
        // A training step frees and asks again for the same large blocks. By default glibc gives them back to the system
        // each time, and a third of the step goes into page faults; these keep them (no effect on other systems).
        start.Environment["MALLOC_MMAP_MAX_"] = "0";
        start.Environment["MALLOC_TRIM_THRESHOLD_"] = (8L << 30).ToString(CultureInfo.InvariantCulture);
        start.Environment["MALLOC_TOP_PAD_"] = (64L << 20).ToString(CultureInfo.InvariantCulture);

        try
        {
            var process = Process.Start(start) ?? throw new LabException($"the worker {fileName} did not start");
            return new WorkerProcess(process, new WorkerLog(store, spec.Node.Key, spec.Attempt));
        }
        catch (Win32Exception e)
        {
            throw new LabException($"the worker {fileName} cannot be started: {e.Message}", e);
        }
    }
}

/// <summary>A worker that was started.</summary>
public interface IRunningWorker : IDisposable
{
    /// <summary>Its exit code, once it has ended.</summary>
    Task<int> Exit { get; }

    /// <summary>The last lines that it printed; complete once it has ended.</summary>
    string Tail { get; }

    /// <summary>Asks it to write a checkpoint and end; does not wait.</summary>
    void RequestStop();

    /// <summary>Ends it at once.</summary>
    void Kill();
}

/// <summary>A worker in a process of its own, whose standard input is its lifeline.</summary>
internal sealed class WorkerProcess : IRunningWorker
{
    private readonly Process _process;
    private readonly WorkerLog _log;

    public WorkerProcess(Process process, WorkerLog log)
    {
        this._process = process;
        this._log = log;
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
            // The worker ended by itself in the same moment.
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
    public const int Completed = 0;

    /// <summary>Failed or diverged; the journal says which.</summary>
    public const int Failed = 1;

    /// <summary>
    /// The machine is not as needed. Where the journal does not say that the stage failed of it, no stage can be computed here: the store
    /// cannot be written, or the device is not there.
    /// </summary>
    public const int Environment = 4;

    public const int Interrupted = 130;

    /// <summary>Whether something outside ended the process: a signal on Unix, a fault or a termination on Windows.</summary>
    public static bool IsSignal(int code) => code is (> 128 and < 128 + 65 and not Interrupted) or < 0;

    /// <summary>How an attempt ended whose journal does not say.</summary>
    /// <param name="starved">Whether the system ended processes for want of memory meanwhile.</param>
    public static string Status(int code, bool starved) => code switch
    {
        128 + 4 or 128 + 6 or 128 + 7 or 128 + 8 or 128 + 11 => AttemptStatus.Failed,
        128 + 9 when starved => AttemptStatus.OutOfMemory,
        _ when IsSignal(code) => AttemptStatus.Killed,
        _ => AttemptStatus.Failed,
    };

    /// <summary>What an exit code says to a reader.</summary>
    public static string Describe(int code, bool starved = false) => code switch
    {
        128 + 9 when starved => "the system ended the worker (signal 9) for want of memory. Run fewer stages at once (--jobs 1), or make "
            + "the batches smaller",
        128 + 6 => "the worker aborted (signal 6): a native library gave up",
        128 + 9 => "the worker was killed (signal 9): by somebody, or by the system for want of memory",
        128 + 11 => "the worker crashed (signal 11): a native library touched memory that was not its own",
        _ when IsSignal(code) && code > 0 => $"the worker was ended by signal {code - 128}",
        _ => $"the worker ended with exit code {code} and without a word in its journal",
    };
}

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
