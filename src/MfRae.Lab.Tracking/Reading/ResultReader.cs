using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads what stages reported, by stage key.</summary>
/// <param name="keys">A subquery for the keys of the stages.</param>
internal sealed class ResultReader(SqliteConnection connection, string keys, object parameters)
{
    /// <param name="outline">Without what explains failures: curves and logs.</param>
    public ILookup<string, AttemptRecord> Attempts(bool outline)
    {
        var curves = outline ? null : new TraceReader(connection, keys, parameters).Read();
        return AttemptRows(outline ? 0 : 1)
            .GroupBy(row => row.Stage)
            .SelectMany(stage => stage.Select((row, i) => (row.Stage, Attempt: row.Record(i + 1, [.. curves?[row.Id] ?? []]))))
            .ToLookup(entry => entry.Stage, entry => entry.Attempt);
    }

    private IEnumerable<AttemptRow> AttemptRows(int logs) => connection.Query<AttemptRow>(
            $"""
            SELECT a.id, a.stage, a.status, a.host, a.device, a.threads, a.started, a.resumed_from AS resumedFrom,
              a.wall_seconds AS wallSeconds, a.cpu_seconds AS cpuSeconds, a.peak_bytes AS peakBytes, a.error, n.tool, n.system, n.runtime,
              n.numerics, n.processor, n.accelerators, n.packages, a.devices, a.files, a.flops, a.command, a.source_commit AS sourceCommit,
              a.source_patch AS sourcePatch, l.log
            FROM attempt a
            LEFT JOIN environment n ON n.id = a.environment
            LEFT JOIN attempt l ON l.id = a.id AND {logs}
            WHERE a.stage IN ({keys})
            ORDER BY a.stage, a.generation, a.number
            """,
            parameters);

    public ILookup<string, Measurement> Measurements() => connection.Query<MeasurementRow>(
            $"""
            SELECT m.stage, m.metric, m.value, m.low, m.high, m.samples, m.steps, m.guidance, m.labels, m.extractor, m.preprocessing,
              m.reference, m.higher_is_better AS higherIsBetter, m.device, m.noise, m.setting
            FROM measurement m
            JOIN attempt a ON a.id = m.attempt
            WHERE m.superseded = 0 AND m.stage IN ({keys})
            ORDER BY m.stage, a.generation, a.number, m.seq
            """,
            parameters)
        .ToLookup(row => row.Stage, row => row.Record());

    public ILookup<string, SeriesRecord> Series() => new SeriesReader(connection, keys, parameters).Read();

    public ILookup<string, ImageRecord> Images() => connection.Query<ImageRow>(
            $"""
            SELECT i.stage, i.name, i.caption, i.png
            FROM image i
            JOIN attempt a ON a.id = i.attempt
            WHERE a.superseded = 0 AND i.stage IN ({keys})
            ORDER BY i.stage, a.generation, a.number, i.seq
            """,
            parameters)
        .ToLookup(row => row.Stage, row => new ImageRecord(row.Name, row.Caption, row.Png));

    private sealed record ImageRow(string Stage, string Name, string Caption, byte[] Png);

    private sealed record MeasurementRow(
        string Stage, string Metric, double? Value, double? Low, double? High, long Samples, long Steps, double Guidance, string Labels,
        string Extractor, string Preprocessing, string Reference, long? HigherIsBetter, string? Device, string? Noise, string? Setting)
    {
        public Measurement Record() => new(
            Metric, Value, Low, High, Samples, (int)Steps, Guidance, Labels, Extractor, Preprocessing, Reference,
            HigherIsBetter is { } higher ? higher != 0 : null, Device, Noise, Setting);
    }
}
