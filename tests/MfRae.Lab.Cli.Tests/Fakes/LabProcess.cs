using System.Diagnostics;

namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>The program as a separate process.</summary>
internal static class LabProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Starts a program that heeds SIGINT (coreutils 8.31 or newer). A shell without job control starts background commands with SIGINT ignored;
    /// a test run started that way would pass the setting on.
    /// </summary>
    public static readonly string[] HeedsInterrupts = ["env", "--default-signal=INT"];

    /// <param name="folder">Its working directory.</param>
    /// <param name="before">A program that starts it in its way, with its arguments; none: it is started as it is.</param>
    public static Process Start(string folder, IEnumerable<string> args, string[]? before = null, Action<ProcessStartInfo>? prepare = null)
    {
        string[] command = [.. before ?? [], "dotnet", Path.Combine(AppContext.BaseDirectory, "MfRae.Lab.dll"), .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        prepare?.Invoke(start);
        return Process.Start(start)!;
    }

    /// <summary>Waits for the process to exit and returns its output.</summary>
    public static Answer End(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"the program did not end: {error.Result}");
        }

        return new(process.ExitCode, output.Result, error.Result);
    }
}
