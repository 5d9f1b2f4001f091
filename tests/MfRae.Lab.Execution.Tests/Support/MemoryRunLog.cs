using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Tests.Support;

/// <summary>A run log in memory: lines by stage, attempt and sequence number, and the states in order.</summary>
internal sealed class MemoryRunLog : IRunLog
{
    private readonly Dictionary<(string Key, int Attempt, long Seq), JournalLine> _lines = [];

    public List<(string Key, StageStatus Status, string? Reason)> Statuses { get; } = [];

    public HashSet<string> Cached { get; } = [];

    public bool Ended { get; private set; }

    /// <summary>Called after each ingestion, for tests that act in the middle of a run.</summary>
    public Action<string, IReadOnlyList<JournalLine>>? Ingested { get; set; }

    /// <summary>Called with the reason of each change of state.</summary>
    public Action<string?>? Told { get; set; }

    public List<string> Notices { get; } = [];

    /// <summary>Called with each notice.</summary>
    public Action<string>? Noticed { get; set; }

    public void Notice(string text)
    {
        Notices.Add(text);
        Noticed?.Invoke(text);
    }

    public void Begin(Plan plan, IReadOnlySet<string> cached) => Cached.UnionWith(cached);

    public void Status(string stageKey, StageStatus status, string? reason = null)
    {
        Statuses.Add((stageKey, status, reason));
        Told?.Invoke(reason);
    }

    public void Ingest(string stageKey, int attempt, IReadOnlyList<JournalLine> batch, string folder)
    {
        foreach (var line in batch)
        {
            if (_lines.TryGetValue((stageKey, attempt, line.Seq), out var known))
            {
                known.At.Should().Be(line.At, "a sequence number always identifies the same line");
            }

            _lines[(stageKey, attempt, line.Seq)] = line;
        }

        Ingested?.Invoke(stageKey, batch);
    }

    public void End(Plan plan) => Ended = true;

    public StageStatus Last(string key) => Statuses.Last(status => status.Key == key).Status;

    public IEnumerable<T> Events<T>(string key)
        where T : JournalEvent => Lines(key).Select(line => line.Line.Event).OfType<T>();

    /// <summary>The steps of the curve in the order of writing, without superseded steps.</summary>
    public IReadOnlyList<long> ValidSteps(string key)
    {
        var steps = new List<long>();
        foreach (var attempt in Lines(key).GroupBy(line => line.Attempt))
        {
            attempt.Select(line => line.Line.Seq)
                .Should().Equal(Enumerable.Range(1, attempt.Count()).Select(seq => (long)seq), "no line is lost");
            var resumed = attempt.Select(line => line.Line.Event).OfType<ResumedEvent>().SingleOrDefault()?.Step ?? 0;
            steps.RemoveAll(step => step > resumed);
            steps.AddRange(attempt.Select(line => line.Line.Event).OfType<MetricsEvent>().Select(metrics => metrics.Step));
        }

        return steps;
    }

    public string Sequence(string key) =>
        string.Join(' ', Statuses.Where(status => status.Key == key).Select(
            status => status.Status.ToString().ToLower(CultureInfo.InvariantCulture)));

    private IEnumerable<(int Attempt, JournalLine Line)> Lines(string key) => _lines.Where(line => line.Key.Key == key)
        .OrderBy(line => line.Key.Attempt).ThenBy(line => line.Key.Seq).Select(line => (line.Key.Attempt, line.Value));
}
