using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Live;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows the pages of the database in a browser of this machine, as they change.</summary>
public sealed class ServeVerb(Terminal terminal, LabPaths places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    public const int DefaultPort = 8642;

    /// <param name="port">0: a free one.</param>
    /// <exception cref="LabException">The database cannot be read, or the port cannot be used.</exception>
    public int Execute(int port, bool json)
    {
        using var server = new LabServer(
            places.Database, store, port, RefreshPolicy.Default, ProcessSignal.TryInterrupt, Complain, time);
        terminal.Out.WriteLine(json
            ? JsonText.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("url", server.Address);
                writer.WriteNumber("port", server.Port);
                writer.WriteString("database", places.Database);
                writer.WriteEndObject();
            })
            : server.Address);
        terminal.Out.Flush();
        terminal.Error.WriteLine("for programs of this machine only; Ctrl-C ends it");
        server.Run(signals.Stop).GetAwaiter().GetResult();
        return ExitCode.Ok;
    }

    private void Complain(Exception error) => terminal.Error.WriteLine(error is LabException or StoreLockedException
        ? $"the pages may be out of date: {error.Message}"
        : $"{error}");
}

/// <summary>The options and the help of `serve`.</summary>
internal static class ServeCommand
{
    public static Command Create(LabContext lab)
    {
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on; 0 chooses a free port",
            HelpName = "N",
            DefaultValueFactory = _ => ServeVerb.DefaultPort,
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
        command.SetAction(parsed =>
        {
            var context = lab.For(parsed);
            return new ServeVerb(lab.Terminal, context.Paths, context.Store, lab.Signals, lab.Time)
                .Execute(parsed.GetValue(port), parsed.GetValue(json));
        });
        return command;
    }
}
