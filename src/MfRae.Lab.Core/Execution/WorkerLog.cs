namespace MfRae.Lab.Core.Execution;

/// <summary>
/// What a worker printed, in `worker.ATTEMPT.log` of its stage. The file is opened for each line: the folder is renamed
/// when the stage completes, which Windows refuses while a file in it is open.
/// </summary>
internal sealed class WorkerLog(ArtifactStore store, string key, int attempt)
{
    private readonly Lock gate = new();
    private readonly Queue<string> last = new();

    /// <summary>The last lines, as they may be kept; they are here too, since a worker may complain that the disk is full.</summary>
    public string Tail
    {
        get
        {
            lock (gate)
            {
                return string.Join('\n', last.Select(WorkerOutput.Kept));
            }
        }
    }

    public void Append(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            last.Enqueue(line);
            if (last.Count > WorkerOutput.Lines)
            {
                last.Dequeue();
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
                    // The folder is just being renamed, or the disk is full: the output of a worker is not worth the run.
                    Thread.Sleep(20);
                }
            }
        }
    }
}
