using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Journal;

/// <summary>Hands a journal on to the run log as it grows, wherever its folder is at the moment.</summary>
internal sealed class JournalTail(ArtifactStore store, IRunLog log, string key, int attempt)
{
    private long _offset;
    private JournalLine? _end;

    /// <summary>How the attempt ended, once its journal says so.</summary>
    public FinishedEvent? Finished => _end?.Event as FinishedEvent;

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

        var (lines, next) = JournalReader.Read(Path.Combine(folder, JournalFile.NameOf(attempt)), _offset);
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

        _offset = next;
        _end = lines.LastOrDefault(line => line.Event is FinishedEvent) ?? _end;
    }

    /// <summary>
    /// Tells the end once more, after the worker has ended: what it printed last may have reached its file later than the journal said so.
    /// </summary>
    public void TellEnd()
    {
        if (_end is { } line && store.Find(key) is { } folder)
        {
            log.Ingest(key, attempt, [line], folder);
        }
    }
}

/// <summary>What the coordinator tells of a run: to the database, and to the user.</summary>
public interface IRunLog
{
    /// <summary>Something that the user should know and that is about no stage; also before a plan begins.</summary>
    void Notice(string text);

    /// <summary>A plan begins. <paramref name="cached"/> holds the keys of the stages that are complete already.</summary>
    void Begin(Plan plan, IReadOnlySet<string> cached);

    /// <summary>A stage changed state; <paramref name="reason"/> says why where that is not plain.</summary>
    void Status(string stageKey, StageStatus status, string? reason = null);

    /// <summary>
    /// Lines of a stage's journal, in order; telling the same lines twice changes nothing (idempotent by stage, attempt
    /// and sequence number). <paramref name="folder"/> is where the stage's files are now, for the images it names
    /// and what the worker of an attempt printed.
    /// </summary>
    void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder);

    /// <summary>The plan has ended; every stage that could run has.</summary>
    void End(Plan plan);
}
