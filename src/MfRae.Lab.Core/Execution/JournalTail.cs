using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>Hands a journal on to the run log as it grows, wherever its folder is at the moment.</summary>
internal sealed class JournalTail(ArtifactStore store, IRunLog log, string key, int attempt)
{
    private long offset;
    private JournalLine? end;

    /// <summary>How the attempt ended, once its journal says so.</summary>
    public FinishedEvent? Finished => end?.Event as FinishedEvent;

    public static void PumpAll(ArtifactStore store, IRunLog log, string key)
    {
        if (store.Find(key) is { } folder)
        {
            foreach (var journal in JournalFile.In(folder))
            {
                new JournalTail(store, log, key, journal.Attempt).Pump();
            }
        }
    }

    public void Pump()
    {
        if (store.Find(key) is not { } folder)
        {
            return;
        }

        var (lines, next) = JournalReader.Read(Path.Combine(folder, JournalFile.NameOf(attempt)), offset);
        if (lines.Count == 0)
        {
            return;
        }

        try
        {
            log.Ingest(key, attempt, lines, folder);
        }
        catch (Exception e) when ((e.InnerException ?? e) is FileNotFoundException or DirectoryNotFoundException
            && folder != store.CompleteFolder(key)
            && store.IsComplete(key))
        {
            // The stage completed while the log read an image that a line names; the log may say so in words of its own,
            // with the system's inside. Telling the same lines twice is harmless.
            log.Ingest(key, attempt, lines, store.CompleteFolder(key));
        }

        offset = next;
        end = lines.LastOrDefault(line => line.Event is FinishedEvent) ?? end;
    }

    /// <summary>
    /// Tells the end once more, after the worker has ended: what it printed last may have reached its file later than the journal said so.
    /// </summary>
    public void TellEnd()
    {
        if (end is { } line && store.Find(key) is { } folder)
        {
            log.Ingest(key, attempt, [line], folder);
        }
    }
}
