using System.Globalization;
using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli;

/// <summary>Limits of the uncommitted changes that are recorded with a run.</summary>
/// <param name="File">Maximum bytes of one file.</param>
/// <param name="Patch">Maximum bytes of the whole patch.</param>
/// <param name="Files">Maximum number of files.</param>
public sealed record SourceLimits(long File = 16L << 20, long Patch = 64L << 20, int Files = 10_000);

/// <summary>
/// Creates the patch from a commit to the working tree: the changes of tracked files, and untracked files that are not ignored as
/// additions. It uses a temporary index and object folder, so the user's repository is only read.
/// </summary>
internal static class SourcePatch
{
    private const int MostNamed = 5;

    /// <param name="outputs">Files and folders that the lab writes. They are not source, even if git does not ignore them.</param>
    public static SourceState Take(string folder, string commit, SourceLimits limits, IReadOnlyList<string> outputs)
    {
        DirectoryInfo? aside = null;
        try
        {
            aside = Directory.CreateTempSubdirectory("mfrae-source-");
            return Take(folder, commit, limits, outputs, aside.FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(commit, [], $"the changes could not be determined: {error.Message}");
        }
        finally
        {
            aside?.Delete(recursive: true);
        }
    }

    private static SourceState Take(string folder, string commit, SourceLimits limits, IReadOnlyList<string> outputs, string aside)
    {
        // Git adds only the newline: folder names may end with spaces.
        var place = GitProcess.Run(folder, ["rev-parse", "--show-toplevel"]);
        if (place.Problem is not null)
            return new(commit, [], $"the changes could not be determined: {place.Problem}");
        var top = Encoding.UTF8.GetString(place.Output).TrimEnd('\n', '\r');
        var objects = PathOf(top, "objects");
        var environment = new Dictionary<string, string>
        {
            ["GIT_INDEX_FILE"] = Path.Combine(aside, "index"),
            ["GIT_OBJECT_DIRECTORY"] = Directory.CreateDirectory(Path.Combine(aside, "objects")).FullName,
            ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = objects.Contains(Path.PathSeparator) ? $"\"{objects}\"" : objects,
        };
        // With a copy of the user's index, git does not need to read unchanged files.
        if (PathOf(top, "index") is var index && File.Exists(index))
            File.Copy(index, environment["GIT_INDEX_FILE"]);
        else if (Git(["read-tree", "HEAD"]).Problem is { } unread)
            return new(commit, [], $"the changes could not be determined: {unread}");

        var status = Git(["status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none"]);
        if (status.Problem is not null)
            return new(commit, [], $"the changes could not be determined: {status.Problem}");
        var entries = Entries(status.Output).Where(entry => entry.Tracked || !outputs.Any(output => IsOf(output, Path.Combine(top, entry.Name)))).ToList();
        var omitted = entries.Where(entry => Reason(top, entry, limits) is not null).ToList();
        var kept = entries.Except(omitted).ToList();
        if (kept.Count > limits.Files)
            return new(commit, [], string.Create(CultureInfo.InvariantCulture, $"{kept.Count} files differ from the commit; at most {limits.Files} are recorded"));

        var changed = kept.Where(entry => !entry.OnlyUnstaged).ToList();
        var reset = omitted.Where(entry => entry.Tracked).ToList();
        var problem = (changed.Count == 0 ? null : OnPaths(changed, "add", "-A").Problem) ?? (reset.Count == 0 ? null : OnPaths(reset, "reset", "-q").Problem);
        var patch = problem is null
            ? Git(
                ["diff-index", "-p", "--cached", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short",
                    "--src-prefix=a/", "--dst-prefix=b/", "HEAD"],
                most: limits.Patch)
            : new([], problem);
        return patch.Problem is null
            ? new(commit, patch.Output, Omitted([.. entries.Where(entry => Reason(top, entry, limits) is not null || entry.Dirty)], top, limits))
            : new(commit, [], $"the patch is not recorded: {patch.Problem}");

        GitAnswer Git(IReadOnlyList<string> arguments, byte[]? input = null, long most = 256L << 20) =>
            GitProcess.Run(top, arguments, input, environment, most);

        GitAnswer OnPaths(List<Entry> paths, params string[] arguments) => Git(
            ["--literal-pathspecs", .. arguments, "--pathspec-from-file=-", "--pathspec-file-nul"],
            [.. paths.SelectMany(entry => entry.Path.Append((byte)0))]);
    }

    // SQLite creates files whose names extend the name of the database.
    private static bool IsOf(string output, string path) =>
        path == output || path.StartsWith(output + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || path == output + "-wal" || path == output + "-shm";

    private static string PathOf(string top, string name) =>
        Path.Combine(top, Encoding.UTF8.GetString(GitProcess.Run(top, ["rev-parse", "--git-path", name]).Output).TrimEnd('\n', '\r'));

    /// <summary>The entries of `status --porcelain=v2 -z`: spaces separate the fields before the path, zero bytes the entries.</summary>
    private static IEnumerable<Entry> Entries(byte[] status)
    {
        for (var start = 0; start < status.Length;)
        {
            var length = Array.IndexOf(status, (byte)0, start) - start;
            if (length < 0)
                yield break;
            var entry = status.AsSpan(start, length).ToArray();
            start += length + 1;
            var fields = entry[0] switch { (byte)'1' => 8, (byte)'u' => 10, _ => 1 };
            var at = 0;
            for (var i = 0; i < fields; i++)
                at = Array.IndexOf(entry, (byte)' ', at) + 1;
            var head = Encoding.ASCII.GetString(entry, 0, at).Split(' ');
            yield return new(entry[at..], head[0] != "?", head[0] == "1" && head[1] == "D.", head is [_, _, ['S', _, ..] sub, ..] && sub.AsSpan(2).ContainsAny('M', 'U'));
        }
    }

    /// <summary>Why a file is not recorded; null if it is recorded.</summary>
    private static string? Reason(string top, Entry entry, SourceLimits limits)
    {
        if (!entry.Tracked && entry.Path[^1] == (byte)'/')
            return "a separate repository";
        var file = new FileInfo(Path.Combine(top, entry.Name));
        return file is { Exists: true, LinkTarget: null } && file.Length > limits.File
            ? string.Create(CultureInfo.InvariantCulture, $"{file.Length / (double)(1 << 20):F1} MB")
            : null;
    }

    private static string? Omitted(List<Entry> entries, string top, SourceLimits limits)
    {
        if (entries.Count == 0)
            return null;
        var named = entries.Take(MostNamed).Select(entry =>
            $"{PrintableText.Of(entry.Name)} ({Reason(top, entry, limits) ?? "changes inside a submodule"})");
        var more = entries.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {entries.Count - MostNamed} more") : "";
        return $"the patch omits {string.Join(", ", named)}{more}";
    }

    /// <param name="Path">The path relative to the root of the working tree, in the bytes of the file system.</param>
    /// <param name="OnlyUnstaged">Removed from the index but otherwise unchanged: the copied index is already right.</param>
    /// <param name="Dirty">A submodule with uncommitted changes.</param>
    private sealed record Entry(byte[] Path, bool Tracked, bool OnlyUnstaged, bool Dirty)
    {
        public string Name { get; } = Encoding.UTF8.GetString(Path);
    }
}
