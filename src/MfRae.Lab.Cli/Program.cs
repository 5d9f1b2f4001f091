using System.CommandLine;
using System.CommandLine.Invocation;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;

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
