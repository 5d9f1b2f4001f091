using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Execution;

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
        if (!start.Environment.ContainsKey(OpenMpWaiting.Policy))
            start.Environment.TryAdd(OpenMpWaiting.SpinCount, OpenMpWaiting.Short);
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
