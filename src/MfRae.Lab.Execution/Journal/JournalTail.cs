using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Journal;

/// <summary>Forwards a growing journal to the run log and follows its folder when that is renamed.</summary>
/// <param name="restores">Whether the attempt only computes dropped files of a complete stage again: then it is not part of the record.</param>
internal sealed class JournalTail(ArtifactStore store, IRunLog log, string key, int attempt, bool restores = false)
{
    private long _offset;
    private JournalLine? _end;

    /// <summary>The end of the attempt, after its journal has reported it.</summary>
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
        if ((restores ? store.PartialFolder(key) : store.Find(key)) is not { } folder)
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
            if (!restores)
            {
                log.Ingest(key, attempt, lines, folder);
            }
        }
        catch (Exception e) when ((e.InnerException ?? e) is FileNotFoundException or DirectoryNotFoundException
            && folder != store.CompleteFolder(key)
            && store.IsComplete(key))
        {
            // The stage completed, and its folder was renamed, while the log read an image. The log may wrap the system's exception.
            // Ingesting the same lines twice is harmless.
            log.Ingest(key, attempt, lines, store.CompleteFolder(key));
        }

        _offset = next;
        _end = lines.LastOrDefault(line => line.Event is FinishedEvent) ?? _end;
    }

    /// <summary>
    /// Forwards the end of the journal again after the worker has exited, because its last output may reach the file after the journal's end.
    /// </summary>
    public void TellEnd()
    {
        if (!restores && _end is { } line && store.Find(key) is { } folder)
        {
            log.Ingest(key, attempt, [line], folder);
        }
    }
}

/// <summary>Receives the events of a run. The database and the console implement it.</summary>
public interface IRunLog
{
    /// <summary>Reports a message for the user that does not belong to a stage; allowed before a plan begins.</summary>
    void Notice(string text);

    /// <summary>Begins a plan. <paramref name="cached"/> has the keys of the stages that are already complete.</summary>
    void Begin(Plan plan, IReadOnlySet<string> cached);

    /// <summary>Reports a new state of a stage; <paramref name="reason"/> explains it if necessary.</summary>
    void Status(string stageKey, StageStatus status, string? reason = null);

    /// <summary>
    /// Ingests lines of a stage's journal, in order. Ingesting the same lines again changes nothing (idempotent by stage, attempt and sequence
    /// number). <paramref name="folder"/> is the current folder of the stage, for its images and the output of its worker.
    /// </summary>
    void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder);

    /// <summary>Ends the plan; every stage that could run has run.</summary>
    void End(Plan plan);
}
