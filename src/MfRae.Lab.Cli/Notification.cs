using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Cli;

/// <summary>
/// Tells somebody that a run has ended, if the user asked for it: by a POST of JSON to an address, or by a command. Addresses of webhooks are
/// secrets, so neither the address nor an answer is printed or recorded.
/// </summary>
internal sealed class Notification
{
    private const string Variable = "env:";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _target;
    private readonly string _workingDirectory;

    private Notification(string target, string workingDirectory) => (_target, _workingDirectory) = (target, workingDirectory);

    private bool IsAddress => _target.StartsWith("https://", StringComparison.Ordinal) || _target.StartsWith("http://", StringComparison.Ordinal);

    /// <summary>The notification of `--notify`, or null if the user asked for none.</summary>
    /// <param name="target">An address, a command of the shell, or `env:NAME`, whose value is one of them.</param>
    /// <param name="workingDirectory">The folder in which a command runs.</param>
    /// <exception cref="LabException">The environment variable is not set, or the address is not valid.</exception>
    public static Notification? Of(string? target, string workingDirectory)
    {
        if (target is null)
            return null;
        if (target.StartsWith(Variable, StringComparison.Ordinal))
        {
            var name = target[Variable.Length..];
            target = Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
                : throw new LabException($"--notify: the environment variable {PrintableText.Of(name, 100)} is not set");
        }

        var notification = new Notification(target, workingDirectory);
        return !notification.IsAddress || Uri.TryCreate(target, UriKind.Absolute, out _)
            ? notification
            : throw new LabException("--notify: the address is not valid; it must be a URL such as https://host/path");
    }

    /// <summary>Sends the message. Returns why that failed, or null.</summary>
    public string? Send(RunMessage message)
    {
        try
        {
            return IsAddress ? Post(message) : Execute(message);
        }
        // The texts of exceptions quote the address.
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or System.ComponentModel.Win32Exception or IOException)
        {
            return error is TaskCanceledException ? $"no answer within {Patience.TotalSeconds:0} seconds" : "the address or the shell cannot be reached";
        }
    }

    private string? Post(RunMessage message)
    {
        using var client = new HttpClient { Timeout = Patience };
        using var content = JsonContent.Create(message, options: new JsonSerializerOptions(JsonSerializerDefaults.Web));
        using var answer = client.PostAsync(new Uri(_target), content).GetAwaiter().GetResult();
        return answer.IsSuccessStatusCode ? null : $"the address answered with status {(int)answer.StatusCode}";
    }

    private string? Execute(RunMessage message)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "cmd.exe" : "/bin/sh", [OperatingSystem.IsWindows() ? "/c" : "-c", _target])
        {
            WorkingDirectory = _workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in message.Variables())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            return $"the command did not end within {Patience.TotalSeconds:0} seconds";
        }

        return process.ExitCode == 0 ? null : $"the command ended with exit code {process.ExitCode}";
    }
}

/// <summary>What a notification says. `text` is what chat services show.</summary>
/// <param name="Text">One line.</param>
/// <param name="Experiment">The name of the experiment.</param>
/// <param name="Status">`completed`, `failed`, `diverged`, `interrupted`, or `queued` after the submission of jobs.</param>
/// <param name="Stages">The number of stages.</param>
/// <param name="Completed">The number of complete stages.</param>
/// <param name="Failed">The number of stages that failed, without those that diverged.</param>
/// <param name="Diverged">The number of stages that diverged.</param>
/// <param name="Report">The path of the report; null if there is none.</param>
internal sealed record RunMessage(
    string Text, string Experiment, string Status, int Stages, int Completed, int Failed, int Diverged, string? Report)
{
    /// <summary>The message about a run that came to its end, whatever the end.</summary>
    public static RunMessage Of(RunOutcome outcome, Results results, string report)
    {
        var diverged = outcome.Stages.Count(stage => stage.Status == StageStatus.Diverged);
        var failed = outcome.Stages.Count(stage => stage.Status.IsFailure()) - diverged;
        var completed = outcome.Stages.Count(stage => stage.Status == StageStatus.Completed);
        var status = outcome.Interrupted ? "interrupted"
            : failed > 0 ? "failed"
            : diverged > 0 ? "diverged"
            : outcome.Stages.Any(stage => stage.Status is StageStatus.Queued or StageStatus.Running) ? "queued"
            : outcome.Succeeded ? "completed" : "failed";
        var verdicts = results.Primary.Decisions.GroupBy(decision => ComparisonText.Word(decision.Verdict)).Select(word => $"{word.Count()} {word.Key}");
        var text = $"{results.Record.Name} {status}: {completed} of {outcome.Stages.Count} stages complete"
            + (failed > 0 ? $", {failed} failed" : "") + (diverged > 0 ? $", {diverged} diverged" : "")
            + (completed > 0 && results.Primary.Decisions.Count > 0 ? $"; {results.Record.PrimaryMetric}: {string.Join(", ", verdicts)}" : "");
        return new(text, results.Record.Name, status, outcome.Stages.Count, completed, failed, diverged, report);
    }

    /// <summary>The message about a run that ended with an error of the program or of the machine.</summary>
    public static RunMessage Of(string experiment) => new($"{experiment} failed: the program ended with an error", experiment, "failed", 0, 0, 0, 0, null);

    /// <summary>The environment of a command.</summary>
    public IEnumerable<(string Name, string Value)> Variables() =>
    [
        ("MFRAE_TEXT", Text), ("MFRAE_EXPERIMENT", Experiment), ("MFRAE_STATUS", Status), ("MFRAE_REPORT", Report ?? ""),
    ];
}
