using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.TestWorker;

/// <summary>A worker on a thread of this process.</summary>
public sealed class ThreadWorker : IRunningWorker
{
    private readonly CancellationTokenSource _stop = new();

    public ThreadWorker(Func<CancellationToken, int> run) =>
        Exit = Task.Factory.StartNew(
            () => Run(run), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public Task<int> Exit { get; }

    public string Tail { get; private set; } = "";

    public void RequestStop() => _stop.Cancel();

    public void Kill() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();

    /// <summary>Writes the message to standard error like the program; the coordinator stores it.</summary>
    private int Run(Func<CancellationToken, int> run)
    {
        try
        {
            return run(_stop.Token);
        }
        catch (LabException error)
        {
            Tail = error.Message;
            return WorkerExit.Environment;
        }
    }
}
