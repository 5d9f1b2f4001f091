using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli;

/// <summary>The only place that turns outcomes into exit codes.</summary>
public static class Program
{
    private const int LongestMessage = 20_000;

    public static int Main(string[] args)
    {
        using var signals = new StopSignals();
        // A worker answers to signals in its own way.
        if (args is not ["worker", ..])
            signals.Register();
        var composition = new Composition(
            Terminal.OfProcess(),
            Directory.GetCurrentDirectory(),
            Composition.ProcessLauncher(),
            Console.OpenStandardInput,
            signals,
            TimeProvider.System);
        return Run(args, composition, signals);
    }

    /// <summary>One command in this process. Anything thrown from here is a bug and keeps its stack.</summary>
    public static int Run(string[] args, Composition composition, StopSignals signals)
    {
        var terminal = composition.Terminal;
        // A word that begins with @ is a word: without this, the file of that name would be read in its place.
        var parsed = new CommandLine(composition).Build().Parse(
            CommandLine.Expand(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
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
            terminal.Error.WriteLine("--help shows what there is; nothing was started");
            return ExitCode.Usage;
        }

        try
        {
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
        catch (OperationCanceledException) when (signals.Received is not null)
        {
            return signals.Received.Value;
        }
    }
}

/// <summary>What the process tells its caller. Only <see cref="Program"/> and the verbs' return values use it.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Some runs failed or diverged.</summary>
    public const int RunsFailed = 1;

    /// <summary>The command line or the experiment file is wrong; nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Results are not comparable, or a verification failed.</summary>
    public const int Incomparable = 3;

    /// <summary>The environment is not as needed: a missing file, a broken database, a device that is not there.</summary>
    public const int Environment = 4;

    /// <summary>A live process holds the store or the database.</summary>
    public const int Locked = 5;

    /// <summary>Stopped by Ctrl-C, after a checkpoint.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM, after a checkpoint.</summary>
    public const int Terminated = 143;
}

/// <summary>
/// The first Ctrl-C or SIGTERM asks everything to stop after a checkpoint; the second kills what still works; the third has
/// the system's way. Whichever way this process ends, its workers see their input close, so none is left behind.
/// </summary>
public sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _gate = new();

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Abort => _abort.Token;

    /// <summary>The exit code of the signal that came first, or null while none has.</summary>
    public int? Received { get; private set; }

    /// <summary>Told once, what the first signal does.</summary>
    public Action<string>? Say { get; set; }

    /// <summary>Takes over the process's signals.</summary>
    public StopSignals Register()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = Receive(ExitCode.Interrupted)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = Receive(ExitCode.Terminated)));
        return this;
    }

    /// <summary>Whether the signal was dealt with; the third is not.</summary>
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

        Say?.Invoke("stopping after a checkpoint; once more to stop at once");
        _stop.Cancel();
        return true;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
