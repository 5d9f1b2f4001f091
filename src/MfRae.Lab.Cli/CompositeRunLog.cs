using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli;

/// <summary>Tells several logs the same, in their order.</summary>
public sealed class CompositeRunLog(params IReadOnlyList<IRunLog> logs) : IRunLog
{
    public void Notice(string text)
    {
        foreach (var log in logs)
            log.Notice(text);
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        foreach (var log in logs)
            log.Begin(plan, cached);
    }

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        foreach (var log in logs)
            log.Status(stageKey, status, reason);
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
        foreach (var log in logs)
            log.Ingest(stageKey, attempt, lines, folder);
    }

    public void End(Plan plan)
    {
        foreach (var log in logs)
            log.End(plan);
    }
}
