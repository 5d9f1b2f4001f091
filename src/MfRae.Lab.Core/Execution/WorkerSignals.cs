using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// A worker's answer to signals. Ctrl-C reaches every process of the terminal, so a worker ignores it: its coordinator
/// closes the worker's input when it is to stop. SIGTERM is meant for this process and stops it after a checkpoint.
/// </summary>
public sealed class WorkerSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] registrations;

    public WorkerSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        }),
    ];

    public CancellationToken Stop => stop.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
    }
}
