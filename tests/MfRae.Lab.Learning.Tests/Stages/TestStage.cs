using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>A stage context without a coordinator: a folder, inputs, and a journal in memory.</summary>
internal sealed class TestStage(string folder, long? seed = 0, params (string Name, string Folder)[] inputs) : IJournal
{
    private readonly CancellationTokenSource _stop = new();

    public List<JournalEvent> Events { get; } = [];

    /// <summary>Asks the stage to stop once this many metric events have come.</summary>
    public int StopAfter { get; init; } = int.MaxValue;

    public int LogEvery { get; init; } = 1;

    /// <summary>Seconds between checkpoints; 0: as often as possible.</summary>
    public int? CheckpointSeconds { get; init; }

    /// <summary>Is called with each event.</summary>
    public Action<JournalEvent>? Seen { get; init; }

    /// <summary>The most samples of a batch at once; 0: the whole batch.</summary>
    public int MicroBatch { get; init; }

    public bool Recompute { get; init; }

    /// <summary>Where relative paths in options start.</summary>
    public string WorkingDirectory { get; init; } = AppContext.BaseDirectory;

    public IEnumerable<Measurement> Measurements => Events.OfType<MeasuredEvent>().Select(measured => measured.Measurement);

    public StageContext Context(StageDefinition? definition = null)
    {
        Directory.CreateDirectory(folder);
        var node = new StageNode(
            new string('0', 64), "test", "test", definition ?? new ProbeStage(), seed, new Dictionary<string, string>());
        var spec = new StageSpec(node, inputs.ToDictionary(input => input.Name, input => input.Folder), WorkingDirectory, 1,
            new RunSettings(
                Device: "cpu", LogEvery: LogEvery, CheckpointSeconds: CheckpointSeconds, MicroBatch: MicroBatch, Recompute: Recompute));
        return new(spec, folder, this, TimeProvider.System, _stop.Token);
    }

    /// <summary>For each flush, the number of events before it and the files that were there.</summary>
    public List<(int Events, IReadOnlyList<string> Files)> Flushes { get; } = [];

    public void Stop() => _stop.Cancel();

    public void Write(JournalEvent entry)
    {
        Events.Add(entry);
        Seen?.Invoke(entry);
        if (Events.OfType<MetricsEvent>().Count() >= StopAfter)
            _stop.Cancel();
    }

    public void Flush() => Flushes.Add((Events.Count, [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file))]));
}
