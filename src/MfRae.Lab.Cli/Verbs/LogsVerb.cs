using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`logs`: shows the stored output of the workers of a run, attempt by attempt.</summary>
internal static class LogsVerb
{
    // A line of output may be of any length.
    private const int LongestLine = 2000;

    public static Command Create(LabContext lab)
    {
        var (run, json) = (CommonOptions.Run(), CommonOptions.Json());
        var stage = new Option<string>("--stage") { Description = "Only the stage with this role, such as meanflow", HelpName = "ROLE" };
        var tail = CommonOptions.Number("--tail", "Only the last N lines of each log", 0);
        var command = new Verb("logs", "Show the output of the stages of a run", "3f2a --stage meanflow --tail 20") { run, stage, tail, json };
        command.SetAction(parsed => Execute(
            lab.For(parsed),
            parsed.GetRequiredValue(run),
            parsed.GetValue(stage),
            parsed.GetValue(tail) ?? int.MaxValue,
            parsed.GetValue(json)));
        return command;
    }

    /// <param name="stage">The role of a stage; null: all stages.</param>
    /// <param name="tail">The number of lines of each log.</param>
    private static int Execute(LabContext lab, string idPrefix, string? stage, int tail, bool json)
    {
        using var database = lab.OpenDatabase();
        var run = new RunQueries(database).Show(idPrefix);
        var roles = run.Stages.Select(part => part.Role).ToList();
        if (stage is not null && !roles.Contains(stage))
            throw new LabException($"the run has no stage `{PrintableText.Of(stage)}`; {NameResolver.Near(stage, roles)}");
        var store = lab.Store;
        var logs = run.Stages.Where(part => stage is null || part.Role == stage)
            .SelectMany(part => store.LogsOf(part.Stage.Key).Select(log => new Log(part.Role, log.Attempt, Read(log.Path, tail))))
            .ToList();
        if (json)
        {
            lab.Terminal.Out.WriteLine(JsonText.Of(logs));
            return ExitCode.Ok;
        }

        foreach (var log in logs)
        {
            lab.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"== {log.Role}, attempt {log.Attempt}"));
            foreach (var line in log.Lines)
                lab.Terminal.Out.WriteLine(PrintableText.Of(line, LongestLine));
        }

        if (logs.Count == 0)
            lab.Terminal.Error.WriteLine(stage is null ? "this run has no stored output" : "this stage has no stored output");
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

    private sealed record Log(string Role, int Attempt, IReadOnlyList<string> Lines);
}
