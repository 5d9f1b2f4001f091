using System.Text;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Writes the output of a worker to `worker.ATTEMPT.log` of its stage. The file is opened for each line: the folder is renamed when the stage
/// completes, and Windows refuses that while a file in it is open.
/// </summary>
internal sealed class WorkerLog(ArtifactStore store, string key, int attempt)
{
    private readonly Lock _gate = new();
    private readonly Queue<string> _last = new();

    /// <summary>The last lines in their stored form. They are kept in memory, because the output may be about a full disk.</summary>
    public string Tail
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _last.Select(WorkerOutput.Kept));
            }
        }
    }

    public void Append(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _last.Enqueue(line);
            if (_last.Count > WorkerOutput.Lines)
            {
                _last.Dequeue();
            }

            for (var attempts = 0; attempts < 10; attempts++)
            {
                try
                {
                    if (store.Find(key) is { } folder)
                    {
                        File.AppendAllText(Path.Combine(folder, ArtifactStore.LogName(attempt)), line + "\n");
                    }

                    return;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The folder is being renamed, or the disk is full: missing output must not end the run.
                    Thread.Sleep(20);
                }
            }
        }
    }
}

/// <summary>The stored end of a worker's output: a few lines of limited length, without possible secrets.</summary>
public static class WorkerOutput
{
    /// <summary>The number of lines that are kept.</summary>
    public const int Lines = 20;

    private const int LongestLine = 1_000;
    private const int MostBytes = 1 << 16;

    /// <summary>The last lines of `worker.ATTEMPT.log`.</summary>
    /// <param name="folder">The current folder of the stage.</param>
    /// <param name="attempt">The number of the attempt.</param>
    /// <returns>The lines, or null if the worker printed nothing or the file does not exist or cannot be read.</returns>
    public static string? Tail(string folder, int attempt)
    {
        try
        {
            var (text, cut) = Read(Path.Combine(folder, ArtifactStore.LogName(attempt)));
            var lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
            // The first line may be incomplete.
            var whole = cut && lines.Length > 1 ? lines.Skip(1) : lines;
            var tail = string.Join('\n', whole.TakeLast(Lines).Select(Kept));
            return tail.Length > 0 ? tail : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The stored form of a line.</summary>
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
