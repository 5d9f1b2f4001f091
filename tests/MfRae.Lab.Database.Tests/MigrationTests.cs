using System.Globalization;
using MfRae.Lab.Database.Maintenance;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Tests.Support;
using MfRae.Lab.Database.Writing;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Tests;

/// <summary>A migration of a filled database keeps its contents.</summary>
public sealed class MigrationTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("lab-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "lab.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_migration_of_schema_5_keeps_all_curves()
    {
        IReadOnlyList<string> before, superseded;
        using (var old = Old(5))
        {
            Fill(old);
            before = Lines(old, "SELECT stage, label, seed, name, step, value, wall FROM metrics");
            superseded = Lines(old,
                """
                SELECT s.kind, c.name, p.step, p.value, a.number FROM point p
                JOIN series c ON c.id = p.series JOIN attempt a ON a.id = p.attempt JOIN stage s ON s.key = c.stage
                WHERE p.superseded = 1 ORDER BY 1, 2, 3, 5
                """);
        }

        using (var database = LabDatabase.OpenExisting(Path))
        {
            Lines(database.Connection, "SELECT stage, label, seed, name, step, value, wall FROM metrics").Should().Equal(before);
            Lines(database.Connection,
                """
                SELECT s.kind, c.name, p.step, p.value, a.number FROM point p
                JOIN series c ON c.id = p.series JOIN attempt a ON a.id = c.attempt JOIN stage s ON s.key = a.stage
                WHERE p.step > a.valid_through ORDER BY 1, 2, 3, 5
                """).Should().Equal(superseded);
        }

        before.Should().HaveCount(11);
        superseded.Should().HaveCount(6);
        DatabaseCheck.Of(Path).Problems.Should().BeEmpty();
    }

    [Theory]
    [InlineData("SELECT experiment, run, arm, baseline, seed, status, stages, completed, started, wall_seconds, cpu_seconds, peak_bytes FROM runs", 4)]
    [InlineData("SELECT experiment, arm, baseline, metric, mean, n, seeds, name, reference FROM arms", 4)]
    [InlineData("SELECT arm, metric, round(sd, 12) FROM arms", 4)]
    [InlineData("SELECT experiment, stage, kind, label, attempts, wall_seconds, cpu_seconds, peak_bytes FROM costs", 3)]
    public void A_migration_keeps_the_rows_of_views_over_runs(string sql, int rows)
    {
        IReadOnlyList<string> before;
        using (var old = Old(5))
        {
            Fill(old);
            before = Lines(old, sql);
        }

        using var database = LabDatabase.OpenExisting(Path);
        Lines(database.Connection, sql).Should().Equal(before);
        before.Should().HaveCount(rows);
    }

    [Fact]
    public void Measurements_of_schema_11_get_the_identity_of_their_time()
    {
        using (var old = Old(5))
        {
            Fill(old);
            Execute(old,
                $"""
                UPDATE stage SET kind = 'sampling', definition = '{"{\"stage\":\"sampling\",\"seed\":4,\"batchSize\":250}"}' WHERE key = '{Stage}';
                UPDATE stage SET kind = 'evaluation',
                  definition = '{"{\"stage\":\"evaluation\",\"metrics\":[{\"kind\":\"inceptionScore\",\"splits\":10}]}"}' WHERE key = 'nothing';
                UPDATE attempt SET device = 'cuda:0' WHERE stage = '{Stage}' AND number = 3;
                UPDATE attempt SET device = 'cuda:0' WHERE stage = 'teacher' AND generation = 1;
                INSERT INTO stage_input VALUES ('nothing', 'samples', '{Stage}');
                """);
        }

        using var database = LabDatabase.OpenExisting(Path);

        Lines(database.Connection, "SELECT stage, metric, reference, device, noise, setting FROM measurement ORDER BY attempt, seq").Should().Equal(
            $"{Stage}|fid|r|cpu+cuda||",
            "teacher|fid|r|cpu||",
            "teacher|fid|r|cpu||",
            "nothing|fid|r|cpu+cuda|fixed:4|batch=250",
            "nothing|fid|other|cpu+cuda|fixed:4|batch=250",
            "nothing|is|r|cpu+cuda|fixed:4|splits=10 form=consecutive batch=250");
        Lines(database.Connection, "SELECT count(*) FROM measurement WHERE superseded = 1").Should().Equal("1");
    }

    [Theory]
    [InlineData("arms")]
    [InlineData("runs")]
    [InlineData("metrics")]
    [InlineData("evaluations")]
    public void A_condition_on_the_experiment_reaches_the_tables_under_a_view(string view)
    {
        using var database = LabDatabase.OpenOrCreate(Path);

        var plan = Lines(database.Connection, $"EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE experiment = 'ablation'");

        plan.Should().Contain(step => step.Contains("SEARCH e USING INDEX", StringComparison.Ordinal)
            || step.Contains("SEARCH experiment USING INDEX sqlite_autoindex_experiment_2 (name=?)", StringComparison.Ordinal));
        plan.Should().NotContain(step =>
            step.EndsWith("|SCAN r", StringComparison.Ordinal) || step.EndsWith("|SCAN m", StringComparison.Ordinal));
    }

    [Fact]
    public void A_plan_without_versions_becomes_the_first_version_at_an_unknown_time()
    {
        using (var old = Old(5))
        {
            Fill(old);
        }

        using var database = LabDatabase.OpenExisting(Path);
        Lines(database.Connection, "SELECT experiment, version, current, first_run, arms, seeds, runs FROM versions")
            .Should().Equal("ablation|1|1||2|2|4");
        Lines(database.Connection, "SELECT run, arm, seed, status FROM version_runs")
            .Should().Equal(Lines(database.Connection, "SELECT run, arm, seed, status FROM runs"));
        new RunQueries(database).Versions("ablation").Single().FirstRun.Should().BeNull();
    }

    [Fact]
    public void A_running_attempt_continues_after_the_migration()
    {
        using (var old = Old(5))
        {
            Fill(old);
        }

        using var database = LabDatabase.OpenExisting(Path);
        using var log = new RunLog(database);
        log.Ingest(Stage, 3, [.. Journal.Of(3, Journal.Started(3), Journal.Loss(50, 500), Journal.Loss(60, 600))], _folder);
        log.Ingest(Stage, 4, Journal.Of(4, Journal.Started(4), new MfRae.Lab.Core.Records.ResumedEvent(50), Journal.Loss(60, 6000)), _folder);

        Lines(database.Connection, $"SELECT step, value, wall FROM metrics WHERE stage = '{Stage}' AND name = 'loss' AND step >= 50")
            .Should().Equal("50|500|1767484801", "60|6000|1767571202");
    }

    private SqliteConnection Old(int schema)
    {
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        var assembly = typeof(LabDatabase).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Take(schema))
        {
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Execute(connection, script.ReadToEnd());
        }

        Execute(connection, $"PRAGMA user_version = {schema}; PRAGMA application_id = 1298551372; PRAGMA journal_mode = WAL");
        return connection;
    }

    // Three attempts at one stage, each resumed from the last checkpoint of the attempt before, and one attempt at another stage.
    private static void Fill(SqliteConnection connection) => Execute(
        connection,
        $"""
        INSERT INTO experiment VALUES (1, 'ablation', 'h', 1, 'a.json', '?', '!', 'fid@1', '[]', '{"{}"}', NULL);
        INSERT INTO stage VALUES ('{Stage}', 'meanflow', '{"{}"}', 0, 'completed', NULL),
          ('teacher', 'teacher', '{"{}"}', 1, 'completed', NULL),
          ('nothing', 'dataset', '{"{}"}', NULL, 'completed', NULL);
        INSERT INTO plan_stage VALUES (1, '{Stage}', 1, 'trained'), (1, 'teacher', 0, 'taught'), (1, 'nothing', 2, 'data');
        INSERT INTO attempt VALUES
          (1, '{Stage}', 1, 1, 9, 'interrupted', 'h', 1, 'b', 'cpu', 2, '2026-01-02T00:00:00.0000000Z', NULL, -1, 5, 5, 5, NULL, 0),
          (2, '{Stage}', 1, 2, 9, 'interrupted', 'h', 1, 'b', 'cpu', 2, '2026-01-03T00:00:00.1239999Z', 20, 20, 5, 5, 5, NULL, 0),
          (3, '{Stage}', 1, 3, 1, 'running', 'h', 1, 'b', 'cpu', 2, '2026-01-04T00:00:00.0000000Z', 30, 30, 5, 5, 5, NULL, 0),
          (4, 'teacher', 1, 1, 9, 'failed', 'h', 1, 'b', 'cpu', 2, '2026-01-02T00:00:00.0000000Z', NULL, -1, 5, 5, 5, 'bad', 1),
          (5, 'teacher', 2, 1, 9, 'completed', 'h', 1, 'b', 'cpu', 2, '2026-01-05T23:59:59.9990000Z', NULL, -1, 5, 5, 5, NULL, 0),
          (6, 'nothing', 1, 1, 2, 'completed', 'h', 1, 'b', 'cpu', 2, '2026-01-02T00:00:00.0000000Z', NULL, -1, 5, 5, 5, NULL, 0);
        INSERT INTO arm VALUES (1, 'a', 0, 1, '{"{}"}', '{"{}"}'), (1, 'b', 1, 0, '{"{}"}', '{"{}"}');
        INSERT INTO run VALUES (1, 'a0', 0, 'a', 0), (1, 'a1', 1, 'a', 1), (1, 'b0', 2, 'b', 0), (1, 'b1', 3, 'b', 1);
        INSERT INTO run_stage VALUES (1, 'a0', 'dataset', 'nothing'), (1, 'a0', 'evaluation', 'teacher'), (1, 'a0', 'probe', 'teacher'),
          (1, 'a1', 'evaluation', 'teacher'), (1, 'a1', 'meanflow', '{Stage}'),
          (1, 'b0', 'evaluation', '{Stage}'), (1, 'b1', 'evaluation', 'nothing');
        INSERT INTO measurement VALUES
          ('teacher', 4, 2, 1, 'fid', 99, NULL, NULL, 10, 1, 1, 'l', 'x', 'p', 'r', 0),
          ('teacher', 5, 2, 0, 'fid', 3, NULL, NULL, 10, 1, 1, 'l', 'x', 'p', 'r', 0),
          ('{Stage}', 1, 3, 0, 'fid', 4, NULL, NULL, 10, 1, 1, 'l', 'x', 'p', 'r', 0),
          ('nothing', 6, 2, 0, 'fid', 6, NULL, NULL, 10, 1, 1, 'l', 'x', 'p', 'r', 0),
          ('nothing', 6, 3, 0, 'fid', NULL, NULL, NULL, 10, 1, 1, 'l', 'x', 'p', 'other', 0),
          ('nothing', 6, 4, 0, 'is', 6, NULL, NULL, 10, 0, 1, 'l', 'x', 'p', 'r', NULL);
        INSERT INTO series VALUES (1, 'teacher', 'loss'), (2, '{Stage}', 'loss'), (3, '{Stage}', 'gradientNorm'), (4, 'nothing', 'unused');
        INSERT INTO point VALUES
          (2, 10, 1, 0.1, 1767312001.5, 0), (2, 20, 1, NULL, 1767312002.001, 0), (2, 30, 1, 3, 1767312003, 1), (2, 40, 1, 4, 1767312004, 1),
          (2, 30, 2, 0.30000000000000004, 1767398401.124, 0), (2, 40, 2, 40, 1767398402.999, 1),
          (2, 40, 3, 400, 1767484801.007, 0),
          (3, 10, 1, 1e-300, 1767312001.5, 0), (3, 20, 1, 2, 1767312002.001, 0), (3, 30, 1, 3, 1767312003, 1),
          (3, 30, 2, 33, 1767398401.124, 0),
          (3, 40, 2, 44, 1767398402.999, 1), (3, 40, 3, 55, 1767484801.007, 0),
          (1, 1, 4, 9, 1767312005, 1), (1, 1, 5, 8, 1767657600, 0), (1, 2, 5, 7, 1767657600.001, 0), (1, 3, 5, -7, 1767657600.5, 0);
        """);

    private static List<string> Lines(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i =>
                Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return lines;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
