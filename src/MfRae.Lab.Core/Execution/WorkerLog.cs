namespace MfRae.Lab.Core.Execution;

/// <summary>
/// What a worker printed, in `worker.ATTEMPT.log` of its stage. The file is opened for each line: the folder is renamed
/// when the stage completes, which Windows refuses while a file in it is open.
/// </summary>
internal sealed class WorkerLog(ArtifactStore store, string key, int attempt)
{
    private const int TailLines = 20;
    private readonly Lock gate = new();

    /// <summary>The last lines, or the empty string where nothing was printed.</summary>
    public static string Tail(ArtifactStore store, string key, int attempt) => store.FindLog(key, attempt) is { } path
        ? string.Join('\n', File.ReadLines(path).TakeLast(TailLines))
        : "";

    public void Append(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
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
