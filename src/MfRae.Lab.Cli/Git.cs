using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli;

/// <summary>Reads the commit of a folder.</summary>
public static class GitCommit
{
    /// <summary>The hash of the commit, with `-dirty` if tracked files differ from it; null without git or outside a repository.</summary>
    public static string? Of(string folder) => Git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*");

    /// <summary>Whether the repository of a folder contains a commit; null without git or outside a repository.</summary>
    public static bool? Knows(string folder, string commit) => Git(folder, "rev-parse", "--git-dir") is null
        ? null
        : Git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}") is not null;

    /// <summary>
    /// The commit and the patch from it to the working tree; null without git, outside a repository, and before the first commit.
    /// </summary>
    /// <param name="limits">The largest patch that is kept.</param>
    /// <param name="outputs">Full paths of files and folders that the lab writes, which are not source.</param>
    public static SourceState? State(string folder, SourceLimits? limits = null, IReadOnlyList<string>? outputs = null) =>
        Git(folder, "rev-parse", "--verify", "--quiet", "HEAD") is { } commit
            ? SourcePatch.Take(folder, commit, limits ?? new(), outputs ?? [])
            : null;

    private static string? Git(string folder, params string[] arguments)
    {
        var answer = GitProcess.Run(folder, arguments);
        var text = Encoding.UTF8.GetString(answer.Output).Trim();
        return answer.Problem is null && text.Length > 0 ? text : null;
    }
}

/// <summary>The output of git.</summary>
/// <param name="Output">The bytes of standard output, which may be in any encoding.</param>
/// <param name="Problem">Why the output is missing or incomplete, without a full stop; null if it is complete.</param>
internal sealed record GitAnswer(byte[] Output, string? Problem);

/// <summary>Runs git with limits of time and output size. All streams are read and written concurrently, which prevents deadlocks.</summary>
internal static class GitProcess
{
    private const int LongestError = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="input">Bytes for standard input, or null for none.</param>
    /// <param name="environment">Variables to set in addition to those of this process.</param>
    /// <param name="mostBytes">Git is killed if its output is longer.</param>
    public static GitAnswer Run(
        string folder,
        IReadOnlyList<string> arguments,
        byte[]? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        long mostBytes = 256L << 20)
    {
        // Git neither changes the user's repository nor fetches objects: it refreshes no index, runs no hooks and starts no monitor.
        var start = new ProcessStartInfo(
            "git", ["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.safecrlf=false", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in (environment ?? new Dictionary<string, string>()).Append(new("LC_ALL", "C"))
            .Append(new("GIT_TERMINAL_PROMPT", "0")).Append(new("GIT_NO_LAZY_FETCH", "1")))
        {
            start.Environment[name] = value;
        }

        try
        {
            using var git = Process.Start(start)!;
            return Follow(git, input ?? [], mostBytes);
        }
        catch (Win32Exception error)
        {
            return new([], $"git could not be started: {error.Message}");
        }
    }

    private static GitAnswer Follow(Process git, byte[] input, long mostBytes)
    {
        var tooLong = false;
        var answer = new MemoryStream();
        var said = new MemoryStream();
        Task[] streams =
        [
            Task.Run(() => tooLong = !Drain(git.StandardOutput.BaseStream, answer, mostBytes, git)),
            Task.Run(() => Drain(git.StandardError.BaseStream, said, 1 << 16, null)),
            Task.Run(() => Feed(git.StandardInput.BaseStream, input)),
        ];
        var ended = git.WaitForExit(Patience) && Task.WaitAll(streams, Patience);
        if (!ended)
        {
            End(git);
            return new([], $"git took longer than {Patience.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s");
        }

        return tooLong ? new([], string.Create(CultureInfo.InvariantCulture, $"the output of git exceeds {mostBytes} bytes"))
            : git.ExitCode == 0 ? new(answer.ToArray(), null)
            : new([], $"git exited with code {git.ExitCode.ToString(CultureInfo.InvariantCulture)}: {Text(said)}");
    }

    /// <summary>Reads to the end and keeps the first bytes.</summary>
    /// <param name="limited">A process to kill if there are more bytes; null: the remaining bytes are read and dropped.</param>
    /// <returns>Whether all bytes were kept.</returns>
    private static bool Drain(Stream from, MemoryStream to, long most, Process? limited)
    {
        var buffer = new byte[1 << 16];
        var whole = true;
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            var kept = (int)Math.Min(read, most - to.Length);
            to.Write(buffer, 0, kept);
            if (kept < read && whole)
            {
                whole = false;
                if (limited is not null)
                    End(limited);
            }
        }

        return whole;
    }

    private static void Feed(Stream to, byte[] input)
    {
        try
        {
            using (to)
                to.Write(input);
        }
        catch (IOException)
        {
            // Git exited before it read all of the input; its exit code reports the failure.
        }
    }

    private static void End(Process git)
    {
        try
        {
            git.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // The process has already exited.
        }
    }

    private static string Text(MemoryStream said)
    {
        var text = Encoding.UTF8.GetString(said.ToArray()).Trim();
        return text.Length > LongestError ? text[..LongestError] + "…" : text;
    }
}
