using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Serving;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows the pages of the database in a browser of this machine, as they change.</summary>
public sealed class ServeVerb(Terminal terminal, Places places, ArtifactStore store, StopSignals signals, TimeProvider time)
{
    public const int DefaultPort = 8642;

    /// <param name="port">0: a free one.</param>
    /// <exception cref="LabException">The database cannot be read, or the port cannot be used.</exception>
    public int Execute(int port, bool json)
    {
        using var server = new LabServer(
            places.Database, store, port, ServerLimits.Default, Pace.Default, ProcessSignal.TryInterrupt, time);
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
        server.Run(Complain, signals.Stop).GetAwaiter().GetResult();
        return ExitCode.Ok;
    }

    private void Complain(Exception error) => terminal.Error.WriteLine(error is LabException or StoreLockedException
        ? $"the pages may be out of date: {error.Message}"
        : $"{error}");
}
