using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Database.Writing;

/// <summary>Finds the attempt that journal lines belong to.</summary>
internal sealed class AttemptFinder(Writer writer, string stage, int number)
{
    private const string Columns =
        "id AS Id, generation AS Generation, last_seq AS LastSeq, started AS Started, began AS Began, keeps_through AS KeepsThrough";

    /// <param name="first">The first of the lines. Line 1 distinguishes two attempts with the same number.</param>
    public AttemptState FindOrBegin(JournalLine first)
    {
        if (first.Seq != 1)
        {
            return Find("generation = (SELECT max(generation) FROM attempt WHERE stage = @stage)", "") ?? throw new LabException(
                $"the journal of the stage {stage}, attempt {number}, starts at line {first.Seq}: its beginning is missing. "
                + "Remove the folder of the stage and run again to recompute the stage.");
        }

        var started = WallTime.Text(first.At);
        return Find("started = @started", started) ?? Begin(started, first.At.ToUnixTimeMilliseconds());
    }

    private AttemptState? Find(string condition, string started) => writer.Query<AttemptState>(
        $"SELECT {Columns} FROM attempt WHERE stage = @stage AND number = @number AND {condition} ORDER BY generation DESC LIMIT 1",
        new { stage, number, started }).SingleOrDefault();

    private AttemptState Begin(string started, long began)
    {
        if (writer.Scalar<long>("SELECT count(*) FROM stage WHERE key = @stage", new { stage }) == 0)
        {
            throw new InvalidOperationException($"no started plan contains the stage {stage}");
        }

        // The same number at another time: the store was emptied in between, so attempts count from 1 again.
        writer.Execute(
            """
            INSERT INTO attempt (stage, generation, number, last_seq, status, host, pid, boot_id, device, threads, started, began,
              wall_seconds, cpu_seconds, peak_bytes, superseded)
            SELECT @stage, coalesce(max(generation), 1) + coalesce(max(number = @number AND generation = newest), 0), @number, 0, 'running',
              '', 0, '', '', 0, @started, @began, 0.0, 0.0, 0, 0
            FROM (SELECT number, generation, max(generation) OVER () AS newest FROM attempt WHERE stage = @stage)
            """,
            new { stage, number, started, began });
        return Find("started = @started", started)!;
    }
}

/// <summary>The database's state of an attempt while lines of its journal are ingested.</summary>
internal sealed class AttemptState
{
    public long Id { get; init; }

    public long Generation { get; init; }

    public long LastSeq { get; set; }

    public string Started { get; init; } = "";

    /// <summary>The start in milliseconds since 1970.</summary>
    public long Began { get; init; }

    /// <summary>The column of the same name: null until the attempt shows whether it resumed or started from the beginning.</summary>
    public long? KeepsThrough { get; private set; }

    /// <summary>Records that the attempt reports results. Without an earlier resume it started from the beginning.</summary>
    public void Reports() => KeepsThrough ??= -1;

    /// <summary>Invalidates what earlier attempts reported after <paramref name="step"/>.</summary>
    public void Rewinds(long step) => KeepsThrough = KeepsThrough is { } kept ? Math.Min(kept, step) : step;
}

/// <summary>
/// Marks rows that a resume superseded. No row is deleted; for each (stage, name of a series, step) and for each identity of a measurement
/// exactly one row stays valid.
/// </summary>
internal sealed class Supersession(Writer writer, string stage)
{
    /// <summary>
    /// Computes the last valid step of each attempt: the smallest step that a later attempt resumed from. The cost does not depend on the
    /// number of points.
    /// </summary>
    public void Rewind()
    {
        writer.Execute(
            """
            UPDATE attempt SET valid_through = (
              SELECT min(later.keeps_through) FROM attempt later
              WHERE later.stage = attempt.stage AND (later.generation, later.number) > (attempt.generation, attempt.number))
            WHERE stage = @stage;
            UPDATE attempt SET superseded = coalesce(valid_through < 0, 0) WHERE stage = @stage;
            """,
            new { stage });
    }

    /// <summary>Keeps the last of the measurements with one identity valid, unless its attempt is superseded.</summary>
    public void Measurements() => writer.Execute(
        """
        WITH ranked AS (
          SELECT m.attempt, m.seq, a.superseded OR row_number() OVER (
            PARTITION BY m.metric, m.samples, m.steps, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference, m.higher_is_better,
              m.device, m.noise, m.setting
            ORDER BY a.generation DESC, a.number DESC, m.seq DESC) > 1 AS superseded
          FROM measurement m
          JOIN attempt a ON a.id = m.attempt
          WHERE m.stage = @stage
        )
        UPDATE measurement SET superseded = ranked.superseded
        FROM ranked
        WHERE ranked.attempt = measurement.attempt AND ranked.seq = measurement.seq
        """,
        new { stage });
}

/// <summary>Stores the environment of an attempt; attempts with the same environment share one row.</summary>
internal sealed class OriginWriter(Writer writer)
{
    public void Write(long attempt, AttemptOrigin origin)
    {
        var environment = new
        {
            origin.Tool,
            origin.System,
            origin.Runtime,
            origin.Numerics,
            origin.Processor,
            accelerators = JsonSerializer.Serialize(origin.Accelerators, LabJson.Default.IReadOnlyListString),
            packages = Sorted(origin.Packages),
        };
        writer.Execute(
            """
            INSERT INTO environment (tool, system, runtime, numerics, processor, accelerators, packages)
            VALUES (@Tool, @System, @Runtime, @Numerics, @Processor, @accelerators, @packages)
            ON CONFLICT DO NOTHING
            """,
            environment);
        var id = writer.Scalar<long>(
            """
            SELECT id FROM environment
            WHERE (tool, system, runtime, numerics, processor, accelerators, packages)
              = (@Tool, @System, @Runtime, @Numerics, @Processor, @accelerators, @packages)
            """,
            environment);
        writer.Execute(
            """
            UPDATE attempt SET environment = @id, command = @Command, source_commit = @Commit, source_patch = @Patch, files = @files,
              devices = @Devices, flops = @flops
            WHERE id = @attempt
            """,
            new
            {
                id,
                origin.Run?.Command,
                origin.Run?.Commit,
                origin.Run?.Patch,
                files = Sorted(origin.Files),
                origin.Devices,
                flops = origin.Flops is { } value && double.IsFinite(value) ? value : (double?)null,
                attempt,
            });
    }

    private static string Sorted(IReadOnlyDictionary<string, string> pairs) => JsonSerializer.Serialize(
        pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(), LabJson.Default.DictionaryStringString);
}
