using System.Diagnostics;

namespace MfRae.Lab.Core.Execution;

/// <summary>A worker in a process of its own, whose standard input is its lifeline.</summary>
internal sealed class WorkerProcess : IRunningWorker
{
    private readonly Process process;
    private readonly WorkerLog log;

    public WorkerProcess(Process process, WorkerLog log)
    {
        this.process = process;
        this.log = log;
        process.OutputDataReceived += (_, line) => log.Append(line.Data);
        process.ErrorDataReceived += (_, line) => log.Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exit = WaitAsync();
    }

    public Task<int> Exit { get; }

    public string Tail => log.Tail;

    public void RequestStop()
    {
        try
        {
            process.StandardInput.Close();
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
            process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => process.Dispose();

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode;
    }
}
