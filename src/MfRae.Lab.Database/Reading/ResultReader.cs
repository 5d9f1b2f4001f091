using Dapper;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Reading;

/// <summary>Reads the attempts, measurements and images of stages, by stage key.</summary>
/// <param name="connection">The database.</param>
/// <param name="keys">A subquery for the keys of the stages.</param>
/// <param name="parameters">The parameters of the subquery.</param>
internal sealed class ResultReader(SqliteConnection connection, string keys, object parameters)
{
    /// <param name="outline">Whether to leave out the curves and logs that explain failures.</param>
    public ILookup<string, AttemptRecord> Attempts(bool outline)
    {
        var curves = outline ? null : new TraceReader(connection, keys, parameters).Read();
        var use = outline ? null : Use();
        return AttemptRows(outline ? 0 : 1)
            .GroupBy(row => row.Stage)
            .SelectMany(stage => stage.Select((row, i) => (row.Stage, Attempt: row.Record(i + 1, [.. curves?[row.Id] ?? []], use?[row.Id]))))
            .ToLookup(entry => entry.Stage, entry => entry.Attempt);
    }

    private ILookup<long, MachineUse> Use() => connection.Query<UseRow>(
            $"""
            SELECT u.attempt, u.seconds, u.cores, u.memory, u.read_rate AS readRate, u.write_rate AS writeRate, u.gpu,
              u.gpu_memory AS gpuMemory, u.gpu_watts AS gpuWatts, u.gpu_joules AS gpuJoules
            FROM attempt a
            JOIN machine_use u ON u.attempt = a.id
            WHERE a.stage IN ({keys})
            ORDER BY u.attempt, u.seconds
            """,
            parameters)
        .ToLookup(row => row.Attempt, row => row.Record());

    private IEnumerable<AttemptRow> AttemptRows(int logs) => connection.Query<AttemptRow>(
            $"""
            SELECT a.id, a.stage, a.status, a.host, a.device, a.threads, a.started, a.resumed_from AS resumedFrom,
              a.wall_seconds AS wallSeconds, a.cpu_seconds AS cpuSeconds, a.peak_bytes AS peakBytes, a.error, n.tool, n.system, n.runtime,
              n.numerics, n.processor, n.accelerators, n.packages, a.devices, a.files, a.flops, a.command, a.source_commit AS sourceCommit,
              a.source_patch AS sourcePatch, l.log, a.micro_batch AS microBatch, a.recompute
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

    private sealed record UseRow(
        long Attempt, double Seconds, double? Cores, long? Memory, double? ReadRate, double? WriteRate, double? Gpu, long? GpuMemory,
        double? GpuWatts, double? GpuJoules)
    {
        public MachineUse Record() => new(Seconds, Cores ?? 0, Memory ?? 0, ReadRate, WriteRate, Gpu, GpuMemory, GpuWatts, GpuJoules);
    }

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

/// <summary>An attempt with its environment. The values from <paramref name="Tool"/> on are null for old attempts.</summary>
internal sealed record AttemptRow(
    long Id,
    string Stage,
    string Status,
    string Host,
    string Device,
    long Threads,
    string Started,
    long? ResumedFrom,
    double WallSeconds,
    double CpuSeconds,
    long PeakBytes,
    string? Error,
    string? Tool,
    string? System,
    string? Runtime,
    string? Numerics,
    string? Processor,
    string? Accelerators,
    string? Packages,
    long Devices,
    string? Files,
    double? Flops,
    string? Command,
    string? SourceCommit,
    string? SourcePatch,
    string? Log,
    long? MicroBatch,
    long Recompute)
{
    /// <param name="number">The number of the attempt, from 1, counted through all generations.</param>
    /// <param name="curves">The curves of a failed attempt that may explain the failure.</param>
    /// <param name="use">The use of the machine in time order; null if it is not needed.</param>
    public AttemptRecord Record(int number, IReadOnlyList<SeriesRecord> curves, IEnumerable<MachineUse>? use = null) => new(
        number, Status, Host, Device, (int)Threads, StoredText.Time(Started), ResumedFrom, WallSeconds, CpuSeconds, PeakBytes, Error, Origin(),
        Log is null && curves.Count == 0 ? null : new(Log, curves), (int?)MicroBatch, Recompute != 0,
        use?.ToList() is { Count: > 0 } readings ? MachineUses.Thin(readings) : null);

    private AttemptOrigin? Origin() => Tool is null ? null : new(
        Tool,
        System!,
        Runtime!,
        Numerics!,
        Processor!,
        StoredText.List(Accelerators!),
        StoredText.Pairs(Packages!),
        (int)Devices,
        StoredText.Pairs(Files!),
        Flops,
        Command is null ? null : new RunOrigin(Command, SourceCommit, SourcePatch));
}

/// <summary>Reads the curves of stages: short ones point by point, long ones from their digests.</summary>
/// <param name="connection">The database.</param>
/// <param name="keys">A subquery for the keys of the stages.</param>
/// <param name="parameters">The parameters of the subquery.</param>
internal sealed class SeriesReader(SqliteConnection connection, string keys, object parameters)
{
    /// <summary>The curves by stage key, ordered by name.</summary>
    public ILookup<string, SeriesRecord> Read() => connection.Query<PieceRow>(
            $"""
            SELECT a.stage, c.name, c.id AS series, a.valid_through AS validThrough, d.buckets
            FROM attempt a
            JOIN series c ON c.attempt = a.id
            LEFT JOIN digest d ON d.series = c.id
            WHERE a.stage IN ({keys}) AND coalesce(a.valid_through, 0) >= 0
            ORDER BY a.stage, c.name, a.generation, a.number
            """,
            parameters)
        .GroupBy(row => (row.Stage, row.Name))
        .Select(pieces => (pieces.Key.Stage, Record: Join(pieces.Key.Name, [.. pieces])))
        .Where(series => series.Record is not null)
        .ToLookup(series => series.Stage, series => series.Record!);

    /// <summary>
    /// Joins the pieces of a curve that several attempts reported. A later attempt is valid after the step that it resumed from. All pieces
    /// are grouped together, so that a curve does not depend on the number of interruptions.
    /// </summary>
    private SeriesRecord? Join(string name, IReadOnlyList<PieceRow> pieces)
    {
        if (pieces is [{ ValidThrough: null, Buckets: { } packed }])
        {
            return new(name, [], [], [.. CurveDigest.Unpack(packed)]);
        }

        var points = pieces.SelectMany(piece => SeriesPoints.Read(connection, piece.Series, piece.ValidThrough ?? long.MaxValue)).ToList();
        return points.Count == 0 ? null
            : points.Count > CurveDigest.MostPoints ? new(name, [], [], [.. CurveDigest.Unpack(CurveDigest.Pack(points))])
            : new(name, [.. points.Select(point => point.Step)], [.. points.Select(point => point.Value)]);
    }

    private sealed record PieceRow(string Stage, string Name, long Series, long? ValidThrough, byte[]? Buckets);
}

/// <summary>Reads the curves of a failed attempt that explain its failure.</summary>
/// <param name="connection">The database.</param>
/// <param name="keys">A subquery for the keys of the stages.</param>
/// <param name="parameters">The parameters of the subquery.</param>
internal sealed class TraceReader(SqliteConnection connection, string keys, object parameters)
{
    private static readonly string Failures = List(AttemptStatus.Failures);
    private static readonly string Names = List(FailureTrace.Names);

    /// <summary>The curves by the id of the attempt.</summary>
    public ILookup<long, SeriesRecord> Read() => connection.Query<SeriesRow>(
            $"""
            SELECT a.id AS attempt, c.name, c.id AS series, d.buckets
            FROM attempt a
            JOIN series c ON c.attempt = a.id
            LEFT JOIN digest d ON d.series = c.id
            WHERE a.stage IN ({keys}) AND a.status IN ({Failures}) AND c.name IN ({Names})
            ORDER BY a.id, c.name DESC
            """,
            parameters)
        .ToList()
        .ToLookup(row => row.Attempt, Record);

    private SeriesRecord Record(SeriesRow row)
    {
        if (row.Buckets is { } packed)
        {
            return new(row.Name, [], [], [.. CurveDigest.Unpack(packed)]);
        }

        // A killed attempt has no digest.
        var points = SeriesPoints.Read(connection, row.Series);
        return points.Count > CurveDigest.MostPoints
            ? new(row.Name, [], [], [.. CurveDigest.Unpack(CurveDigest.Pack(points))])
            : new(row.Name, [.. points.Select(point => point.Step)], [.. points.Select(point => point.Value)]);
    }

    // Constants without quotes.
    private static string List(IEnumerable<string> words) => string.Join(", ", words.Select(word => $"'{word}'"));

    private sealed record SeriesRow(long Attempt, string Name, long Series, byte[]? Buckets);
}
