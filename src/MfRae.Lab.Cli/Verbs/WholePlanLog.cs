using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Tells the database of the experiment's whole plan while only some arms of it run: the others stay in its reports.</summary>
/// <param name="isComplete">Whether a stage's artifact is there.</param>
public sealed class WholePlanLog(IRunLog inner, Plan whole, Func<string, bool> isComplete) : IRunLog
{
    public void Notice(string text) => inner.Notice(text);

    public void Begin(Plan plan, IReadOnlySet<string> cached)
    {
        var running = plan.Stages.Select(stage => stage.Key).ToHashSet();
        var others = whole.Stages.Select(stage => stage.Key).Where(key => !running.Contains(key) && isComplete(key));
        inner.Begin(whole, cached.Concat(others).ToHashSet());
    }

    public void Status(string stageKey, StageStatus status, string? reason = null) => inner.Status(stageKey, status, reason);

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> lines, string folder) =>
        inner.Ingest(stageKey, attempt, lines, folder);

    public void End(Plan plan) => inner.End(whole);
}
