using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Database.Tests.Support;

/// <summary>Journal lines one second apart; each attempt begins on another day.</summary>
internal static class Journal
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static List<JournalLine> Of(int attempt, params JournalEvent[] events) => Of(Epoch.AddDays(attempt), events);

    public static List<JournalLine> Of(DateTimeOffset start, params JournalEvent[] events) =>
        events.Select((entry, i) => new JournalLine(i + 1, start.AddSeconds(i), entry)).ToList();

    public static StartedEvent Started(int attempt) => new(attempt, "host", 100 + attempt, "boot", "cpu", 2);

    public static MetricsEvent Loss(long step, double? value) => new(step, new Dictionary<string, double?> { ["loss"] = value });

    public static FinishedEvent Finished(string status = "completed", double wall = 10, double cpu = 20, long peak = 1000,
        string? error = null) =>
        new(status, wall, cpu, peak, error);

    public static MeasuredEvent As(this MeasuredEvent entry, string device = "cpu", string noise = "fixed:0", string setting = "") =>
        new(entry.Measurement with { Device = device, Noise = noise, Setting = setting });

    public static MeasuredEvent Measured(string metric, double? value, int steps = 1, bool? higher = false, string reference = "ref",
        long samples = 100) =>
        new(new Measurement(metric, value, null, null, samples, steps, 1, "balanced", "net", "uint8", reference, higher));
}
