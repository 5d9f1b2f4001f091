using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.TestWorker;

internal sealed class SilentRunLog : IRunLog
{
    public void Notice(string text)
    {
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
    }

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder)
    {
    }

    public void End(Plan plan)
    {
    }
}
