using System.ComponentModel;
using System.Diagnostics;

namespace MfRae.Lab.Cli;

/// <summary>The commit that a folder is at.</summary>
public static class GitCommit
{
    /// <summary>The hash, with `-dirty` where tracked files differ from it; null where there is no git or no repository.</summary>
    public static string? Of(string folder) => Git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*");

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
