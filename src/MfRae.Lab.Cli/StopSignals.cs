using System.Runtime.InteropServices;

namespace MfRae.Lab.Cli;

/// <summary>
/// The first Ctrl-C or SIGTERM asks everything to stop after a checkpoint; the second kills what still works; the third has
/// the system's way. Whichever way this process ends, its workers see their input close, so none is left behind.
/// </summary>
public sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abort = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly Lock gate = new();

    public CancellationToken Stop => stop.Token;

    public CancellationToken Abort => abort.Token;

    /// <summary>The exit code of the signal that came first, or null while none has.</summary>
    public int? Received { get; private set; }

    /// <summary>Told once, what the first signal does.</summary>
    public Action<string>? Say { get; set; }

    /// <summary>Takes over the process's signals.</summary>
    public StopSignals Register()
    {
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = Receive(ExitCode.Interrupted)));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = Receive(ExitCode.Terminated)));
        return this;
    }

    /// <summary>Whether the signal was dealt with; the third is not.</summary>
    public bool Receive(int exitCode)
    {
        lock (gate)
        {
            if (Received is not null)
            {
                var second = !abort.IsCancellationRequested;
                abort.Cancel();
                return second;
            }

            Received = exitCode;
        }

        Say?.Invoke("stopping after a checkpoint; once more to stop at once");
        stop.Cancel();
        return true;
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
    }
}
