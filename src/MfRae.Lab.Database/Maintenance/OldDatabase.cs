using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Execution.Running;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Maintenance;

/// <summary>A database that a rebuild replaces. It may have data that the store lacks.</summary>
internal sealed class OldDatabase
{
    private readonly string _path;

    private OldDatabase(string path, SqliteConnection connection)
    {
        _path = path;
        Plans = new PlanReader(connection).Records();
        Annotations = new AnnotationReader(connection).Read();
        States = connection.Query<StateRow>("SELECT key, status, reason FROM stage")
            .ToDictionary(row => row.Key, row => (row.Status, row.Reason));
    }

    /// <summary>All plans, oldest first.</summary>
    public IReadOnlyList<PlanRecord> Plans { get; }

    public Annotations Annotations { get; }

    public IReadOnlyDictionary<string, (string Status, string? Reason)> States { get; }

    /// <returns>The database, or null if it does not exist or cannot be read; in the second case a warning says why.</returns>
    /// <exception cref="StoreLockedException">Another process has it open.</exception>
    /// <exception cref="LabException">A newer program wrote the database, so this program cannot know what a rebuild would lose.</exception>
    public static OldDatabase? Open(string path, List<string> warnings)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        if (DatabaseCheck.Of(path) is { Problems: [var problem, ..] } health)
        {
            if (health.Schema > health.Newest)
            {
                throw new LabException($"{path}: {problem}");
            }

            warnings.Add($"the old database is ignored: {problem}");
            return null;
        }

        using var database = LabDatabase.OpenExisting(path);
        // SQLite can leave the write-ahead log only with exclusive access: another process would continue to use the old file.
        database.Connection.Execute("PRAGMA busy_timeout = 1000");
        if (!LeavesLog(database.Connection))
        {
            throw new StoreLockedException($"another process has {path} open. Stop it and try again.");
        }

        return new(path, database.Connection);
    }

    /// <summary>
    /// Copies all data of the stages for which the old database has an attempt without a journal. Returns the number of stages.
    /// </summary>
    public int CarryOver(LabDatabase target)
    {
        var connection = target.Connection;
        connection.Execute("ATTACH @path AS old", new { path = _path });
        try
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            connection.Execute(
                """
                CREATE TEMP TABLE taken AS
                SELECT DISTINCT a.stage
                FROM old.attempt a
                WHERE a.stage IN (SELECT key FROM main.stage) AND NOT EXISTS (
                  SELECT 1 FROM main.attempt m WHERE m.stage = a.stage AND m.number = a.number AND m.started = a.started);
                DELETE FROM main.image WHERE stage IN taken;
                DELETE FROM main.measurement WHERE stage IN taken;
                CREATE TEMP TABLE replaced AS SELECT id FROM main.attempt WHERE stage IN taken;
                DELETE FROM main.digest WHERE series IN (SELECT id FROM main.series WHERE attempt IN replaced);
                DELETE FROM main.point WHERE series IN (SELECT id FROM main.series WHERE attempt IN replaced);
                DELETE FROM main.series WHERE attempt IN replaced;
                DELETE FROM main.tick WHERE attempt IN replaced;
                DELETE FROM main.machine_use WHERE attempt IN replaced;
                DELETE FROM main.attempt WHERE stage IN taken;

                INSERT INTO main.environment (tool, system, runtime, numerics, processor, accelerators, packages)
                SELECT tool, system, runtime, numerics, processor, accelerators, packages
                FROM old.environment WHERE id IN (SELECT environment FROM old.attempt WHERE stage IN taken) ORDER BY id
                ON CONFLICT DO NOTHING;

                INSERT INTO main.attempt (stage, generation, number, last_seq, status, host, pid, boot_id, device, threads, started,
                  resumed_from, keeps_through, wall_seconds, cpu_seconds, peak_bytes, error, superseded, valid_through, began,
                  environment, command, source_commit, source_patch, files, devices, flops, log, micro_batch, recompute)
                SELECT a.stage, a.generation, a.number, a.last_seq, a.status, a.host, a.pid, a.boot_id, a.device, a.threads, a.started,
                  a.resumed_from, a.keeps_through, a.wall_seconds, a.cpu_seconds, a.peak_bytes, a.error, a.superseded, a.valid_through,
                  a.began, m.id, a.command, a.source_commit, a.source_patch, a.files, a.devices, a.flops, a.log, a.micro_batch, a.recompute
                FROM old.attempt a
                LEFT JOIN old.environment o ON o.id = a.environment
                LEFT JOIN main.environment m
                  ON (m.tool, m.system, m.runtime, m.numerics, m.processor, m.accelerators, m.packages)
                    = (o.tool, o.system, o.runtime, o.numerics, o.processor, o.accelerators, o.packages)
                WHERE a.stage IN taken ORDER BY a.id;

                CREATE TEMP TABLE moved AS
                SELECT o.id AS before, m.id AS after
                FROM old.attempt o
                JOIN main.attempt m ON m.stage = o.stage AND m.generation = o.generation AND m.number = o.number
                WHERE o.stage IN taken;

                INSERT INTO main.series (attempt, name)
                SELECT moved.after, s.name FROM old.series s JOIN moved ON moved.before = s.attempt ORDER BY s.id;
                INSERT INTO main.point (series, step, value)
                SELECT n.id, p.step, p.value
                FROM moved
                JOIN old.series s ON s.attempt = moved.before
                JOIN main.series n ON n.attempt = moved.after AND n.name = s.name
                JOIN old.point p ON p.series = s.id
                ORDER BY n.id, p.step;
                INSERT INTO main.digest (series, buckets)
                SELECT n.id, d.buckets
                FROM moved
                JOIN old.series s ON s.attempt = moved.before
                JOIN main.series n ON n.attempt = moved.after AND n.name = s.name
                JOIN old.digest d ON d.series = s.id;
                INSERT INTO main.tick (attempt, step, wall)
                SELECT moved.after, t.step, t.wall FROM moved JOIN old.tick t ON t.attempt = moved.before;
                INSERT INTO main.machine_use (attempt, seconds, cores, memory, read_rate, write_rate, gpu, gpu_memory, gpu_watts, gpu_joules)
                SELECT moved.after, u.seconds, u.cores, u.memory, u.read_rate, u.write_rate, u.gpu, u.gpu_memory, u.gpu_watts, u.gpu_joules
                FROM moved JOIN old.machine_use u ON u.attempt = moved.before;

                INSERT INTO main.measurement (stage, attempt, seq, superseded, metric, value, low, high, samples, steps, guidance, labels,
                  extractor, preprocessing, reference, higher_is_better, device, noise, setting)
                SELECT o.stage, moved.after, o.seq, o.superseded, o.metric, o.value, o.low, o.high, o.samples, o.steps, o.guidance,
                  o.labels, o.extractor, o.preprocessing, o.reference, o.higher_is_better, o.device, o.noise, o.setting
                FROM old.measurement o JOIN moved ON moved.before = o.attempt;

                INSERT INTO main.image (stage, name, attempt, seq, caption, png)
                SELECT o.stage, o.name, moved.after, o.seq, o.caption, o.png
                FROM old.image o JOIN moved ON moved.before = o.attempt
                ORDER BY o.id;
                """,
                transaction: transaction);
            var count = connection.ExecuteScalar<int>("SELECT count(*) FROM taken", transaction: transaction);
            connection.Execute("DROP TABLE temp.moved; DROP TABLE temp.replaced; DROP TABLE temp.taken;", transaction: transaction);
            transaction.Commit();
            return count;
        }
        finally
        {
            connection.Execute("DETACH old");
        }
    }

    private static bool LeavesLog(SqliteConnection connection)
    {
        try
        {
            return connection.ExecuteScalar<string>("PRAGMA journal_mode = DELETE") == "delete";
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private sealed record StateRow(string Key, string Status, string? Reason);
}
