using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tracking;

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
