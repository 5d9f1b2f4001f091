using System.Text;
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

    /// <summary>
    /// The commit and the patch from it to the working tree; null without git, outside a repository, and before the first commit.
    /// </summary>
    /// <param name="outputs">Files and folders that are not source although git does not ignore them, with their full paths.</param>
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
