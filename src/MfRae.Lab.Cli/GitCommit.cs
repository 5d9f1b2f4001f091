using System.ComponentModel;
using System.Diagnostics;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli;

/// <summary>The commit that a folder is at.</summary>
public static class GitCommit
{
    /// <summary>The hash, with `-dirty` where tracked files differ from it; null where there is no git or no repository.</summary>
    public static string? Of(string folder) => Git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*");

    /// <summary>Whether the repository of a folder has a commit; null where there is no git or no repository.</summary>
    public static bool? Knows(string folder, string commit) => Git(folder, "rev-parse", "--git-dir") is null
        ? null
        : Git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}") is not null;

    /// <summary>The commit and what tracked files have beyond it; null where there is no git or no repository.</summary>
    public static SourceState? State(string folder) => Git(folder, "rev-parse", "--verify", "--quiet", "HEAD") is { } commit
        ? new(commit, Git(folder, "diff", "--no-color", "--no-ext-diff", "--binary", "HEAD") ?? "")
        : null;

    private static string? Git(string folder, params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var answer = git!.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 && answer.Length > 0 ? answer : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
