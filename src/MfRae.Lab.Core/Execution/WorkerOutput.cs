using System.Text;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>The end of what a worker printed, as it may be kept: a few lines, none without end, and what could be a secret taken out.</summary>
public static class WorkerOutput
{
    /// <summary>Lines that are kept.</summary>
    public const int Lines = 20;

    private const int LongestLine = 1_000;
    private const int MostBytes = 1 << 16;

    /// <summary>The last lines of `worker.ATTEMPT.log`.</summary>
    /// <param name="folder">Where the stage's files are now.</param>
    /// <returns>Null where the worker printed nothing, or the file is not there or cannot be read: no record is worth less for that.</returns>
    public static string? Tail(string folder, int attempt)
    {
        try
        {
            var (text, cut) = Read(Path.Combine(folder, ArtifactStore.LogName(attempt)));
            var lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
            // What was read may begin in the middle of a line.
            var whole = cut && lines.Length > 1 ? lines.Skip(1) : lines;
            var tail = string.Join('\n', whole.TakeLast(Lines).Select(Kept));
            return tail.Length > 0 ? tail : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A line of it as it may be kept.</summary>
    public static string Kept(string line)
    {
        var kept = CommandText.Redact(line.Replace('\0', '\uFFFD'));
        return kept.Length <= LongestLine ? kept : kept[..LongestLine] + "…";
    }

    private static (string Text, bool Cut) Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var from = Math.Max(0, file.Length - MostBytes);
        file.Position = from;
        var bytes = new byte[file.Length - from];
        return (Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)), from > 0);
    }
}
