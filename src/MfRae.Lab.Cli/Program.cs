using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli;

/// <summary>The entry point. It translates exceptions into messages and exit codes.</summary>
public static class Program
{
    private const int LongestMessage = 20_000;

    /// <summary>Runs the command line of the process.</summary>
    public static int Main(string[] args)
    {
        using var signals = new StopSignals();
        // A worker handles signals itself.
        if (args is not ["worker", ..])
            signals.Register();
        var lab = new LabContext(
            Terminal.OfProcess(),
            Directory.GetCurrentDirectory(),
            LabContext.ProcessLauncher(),
            Console.OpenStandardInput,
            signals,
            TimeProvider.System);
        return Run(args, lab);
    }

    /// <summary>Runs one command in this process. An exception that escapes is a bug and keeps its stack trace.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static int Run(string[] args, LabContext lab)
    {
        var terminal = lab.Terminal;
        // Words that begin with @ are ordinary words: by default, the parser would replace them with the content of the file of that name.
        var parsed = CommandLine.Create(lab).Parse(CommandLine.Expand(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
        var unknown = UnknownOptions.In(parsed);
        if (parsed.Action is ParseErrorAction || unknown.Count > 0)
        {
            if (parsed.Action is ParseErrorAction mistakes)
            {
                mistakes.ShowHelp = false;
                parsed.Invoke(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error });
            }

            foreach (var message in unknown)
                terminal.Error.WriteLine(PrintableText.Of(message, LongestMessage));
            terminal.Error.WriteLine("nothing was started; use --help to list the verbs and options");
            return ExitCode.Usage;
        }

        try
        {
            LibTorchFolder.Load();
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (StoreLockedException error)
        {
            terminal.Error.WriteLine(error.Message);
            return ExitCode.Locked;
        }
        catch (LabException error)
        {
            terminal.Error.WriteLine(PrintableText.Shortened(error.Message, LongestMessage));
            return ExitCode.Environment;
        }
        catch (Exception error) when (FileFault.Explain(error) is { } fault)
        {
            terminal.Error.WriteLine(fault);
            return ExitCode.Environment;
        }
        catch (OperationCanceledException) when (lab.Signals.Received is not null)
        {
            return lab.Signals.Received.Value;
        }
    }
}

/// <summary>The exit codes of the process.</summary>
public static class ExitCode
{
    /// <summary>Success.</summary>
    public const int Ok = 0;

    /// <summary>Some runs failed or diverged.</summary>
    public const int RunsFailed = 1;

    /// <summary>The command line or the experiment file is wrong; nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Results are not comparable, or a verification failed.</summary>
    public const int Incomparable = 3;

    /// <summary>The environment has a problem: a missing file, a broken database or a missing device.</summary>
    public const int Environment = 4;

    /// <summary>A live process holds the store or the database.</summary>
    public const int Locked = 5;

    /// <summary>Stopped by Ctrl-C, after a checkpoint.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM, after a checkpoint.</summary>
    public const int Terminated = 143;
}

/// <summary>
/// The first Ctrl-C or SIGTERM asks all workers to stop after a checkpoint, the second kills them, and the third has the default effect.
/// However this process ends, its workers notice that their input is closed and exit.
/// </summary>
public sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _gate = new();

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Abort => _abort.Token;

    /// <summary>The exit code of the first signal; null before it.</summary>
    public int? Received { get; private set; }

    /// <summary>Receives one message, which explains the effect of the first signal.</summary>
    public Action<string>? Say { get; set; }

    /// <summary>Handles SIGINT and SIGTERM of this process.</summary>
    public StopSignals Register()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = Receive(ExitCode.Interrupted)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = Receive(ExitCode.Terminated)));
        return this;
    }

    /// <summary>Handles a signal.</summary>
    /// <returns>Whether the signal is handled; false from the third signal on.</returns>
    public bool Receive(int exitCode)
    {
        lock (_gate)
        {
            if (Received is not null)
            {
                var second = !_abort.IsCancellationRequested;
                _abort.Cancel();
                return second;
            }

            Received = exitCode;
        }

        Say?.Invoke("stopping after a checkpoint; press Ctrl-C again to stop at once");
        _stop.Cancel();
        return true;
    }

    /// <summary>Restores the default handling of signals.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
