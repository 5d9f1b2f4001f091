using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`serve`: shows the report pages in a browser on this machine, and updates them while experiments run.</summary>
internal static class ServeVerb
{
    private const int DefaultPort = 8642;

    public static Command Create(LabContext lab)
    {
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on; 0 chooses a free port",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultPort,
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !ushort.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError("--port requires an integer from 0 to 65535");
        });
        var json = CommonOptions.Json("Print the address as JSON");
        var command = new Verb("serve", "Show the reports in a browser on this machine, updated live while experiments run", "--port 8642")
        {
            port, json,
        };
        command.SetAction(parsed => Execute(lab.For(parsed), parsed.GetValue(port), parsed.GetValue(json)));
        return command;
    }

    /// <exception cref="LabException">The database cannot be read, or the port cannot be used.</exception>
    private static int Execute(LabContext lab, int port, bool json)
    {
        var terminal = lab.Terminal;
        using var server = new LabServer(
            lab.Paths.Database, lab.Store, port, RefreshPolicy.Default, ProcessSignal.TryInterrupt, Complain, lab.Time);
        terminal.Out.WriteLine(json ? JsonText.Of(new AddressJson(server.Address, server.Port, lab.Paths.Database)) : server.Address);
        terminal.Out.Flush();
        terminal.Error.WriteLine("only programs on this machine can connect; press Ctrl-C to stop");
        server.Run(lab.Signals.Stop).GetAwaiter().GetResult();
        return ExitCode.Ok;

        void Complain(Exception error) => terminal.Error.WriteLine(error is LabException or StoreLockedException
            ? $"the pages may be out of date: {error.Message}"
            : $"{error}");
    }

    private sealed record AddressJson(string Url, int Port, string Database);
}
