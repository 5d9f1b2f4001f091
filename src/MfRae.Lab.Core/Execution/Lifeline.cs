using System.Diagnostics;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// A pipe from the coordinator on which nothing is ever sent: it ends when the coordinator asks the worker to stop, or
/// dies, however it dies. A worker that has not stopped after a grace time is ended, so that no orphan holds a stage.
/// </summary>
internal sealed class Lifeline : IDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    // Neither is ever disposed: the thread may wake up from its read after the worker's end.
    private readonly CancellationTokenSource stop;
    private readonly ManualResetEventSlim ended = new();

    public Lifeline(Stream? coordinator, CancellationToken alsoStop)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(alsoStop);
        if (coordinator is not null)
        {
            new Thread(() => Watch(coordinator)) { IsBackground = true, Name = "lifeline" }.Start();
        }
    }

    public CancellationToken Stop => stop.Token;

    public void Dispose() => ended.Set();

    private void Watch(Stream coordinator)
    {
        try
        {
            var buffer = new byte[16];
            while (coordinator.Read(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A broken pipe says the same as a closed one.
        }

        if (ended.IsSet)
        {
            return;
        }

        stop.Cancel();
        if (!ended.Wait(Grace))
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }
}
