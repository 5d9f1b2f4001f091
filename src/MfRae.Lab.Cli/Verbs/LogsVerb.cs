using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows what the workers of a run printed, attempt by attempt.</summary>
public sealed class LogsVerb(Terminal terminal, LabPaths places, ArtifactStore store)
{
    // A line that a worker printed without an end would fill the screen.
    private const int LongestLine = 2000;

    /// <param name="stage">Only the stage in this role; null: all.</param>
    /// <param name="tail">The last lines of each log only.</param>
    public int Execute(string idPrefix, string? stage, int tail, bool json)
    {
        using var database = LabDatabase.OpenReadOnly(places.Database);
        var run = new RunQueries(database).Show(idPrefix);
        var roles = run.Stages.Select(part => part.Role).ToList();
        if (stage is not null && !roles.Contains(stage))
            throw new LabException($"the run has no stage `{PrintableText.Of(stage)}`; {NameResolver.Near(stage, roles)}");
        var logs = run.Stages.Where(part => stage is null || part.Role == stage)
            .SelectMany(part => store.LogsOf(part.Stage.Key).Select(log => (part.Role, log.Attempt, Lines: Read(log.Path, tail))))
            .ToList();
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.Objects(logs, item =>
                {
                    var (role, attempt, lines) = item;
                    writer.WriteString("role", role);
                    writer.WriteNumber("attempt", attempt);
                    writer.Strings("lines", lines);
                });
            }));
            return ExitCode.Ok;
        }

        foreach (var (role, attempt, lines) in logs)
        {
            terminal.Out.WriteLine($"== {role}, attempt {attempt}");
            foreach (var line in lines)
                terminal.Out.WriteLine(PrintableText.Of(line, LongestLine));
        }

        if (logs.Count == 0)
            terminal.Error.WriteLine("no worker of it printed anything that is still in the store");
        return ExitCode.Ok;
    }

    private static List<string> Read(string path, int tail)
    {
        try
        {
            return [.. File.ReadLines(path).TakeLast(tail)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {error.Message}", error);
        }
    }
}
