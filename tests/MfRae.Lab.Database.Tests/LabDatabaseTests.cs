using MfRae.Lab.Core;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Tests.Support;
using MfRae.Lab.Database.Writing;
using Microsoft.Data.Sqlite;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class LabDatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lab-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "data", "lab.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_missing_database_is_an_error_and_is_not_created()
    {
        var existing = () => LabDatabase.OpenExisting(Path);
        var reading = () => LabDatabase.OpenReadOnly(Path);

        existing.Should().Throw<LabException>().WithMessage($"*{Path}*Run an experiment to create it*");
        reading.Should().Throw<LabException>();
        Directory.Exists(System.IO.Path.GetDirectoryName(Path)).Should().BeFalse();
    }

    [Fact]
    public void A_database_keeps_its_rows_when_it_is_opened_again()
    {
        using (var first = LabDatabase.OpenOrCreate(Path))
        {
            new RunLog(first).Begin(Plans.Of(), new HashSet<string>());
        }

        using var second = LabDatabase.OpenExisting(Path);
        new RunQueries(second).Experiment("ablation").Should().NotBeNull();
        second.IsReadOnly.Should().BeFalse();
        Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!).Should().Contain(Path);
    }

    [Fact]
    public void The_connection_is_set_up_for_one_writer_and_many_readers()
    {
        using var database = LabDatabase.OpenOrCreate(Path);

        var pragmas = new[] { "journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout", "user_version" };
        pragmas.Select(name => Pragma(database, name)).Should().Equal("wal", "1", "1", "0", "10000", "22");
    }

    [Fact]
    public void A_database_of_the_first_schema_is_migrated_and_keeps_its_rows()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using (var script = new StreamReader(typeof(LabDatabase).Assembly.GetManifestResourceStream(
            "MfRae.Lab.Database.Migrations.001_initial.sql")!))
        {
            Execute(Path, script.ReadToEnd());
        }

        Execute(Path, "PRAGMA user_version = 1; PRAGMA application_id = 1298551372");
        Execute(Path, "INSERT INTO experiment VALUES (1, 'first', 'h', 1, 'first.json', '?', '!', 'fid@1', '[]', '{}')");
        Execute(Path, "INSERT INTO arm VALUES (1, 'base', 0, 1, '{}', '{}')");

        using var database = LabDatabase.OpenOrCreate(Path);
        new RunQueries(database).Experiment("first").Should().BeEquivalentTo(new { Name = "first", PlanHash = "h", Title = (string?)null });
    }

    [Fact]
    public void A_newer_schema_is_read_and_not_written()
    {
        using (var database = LabDatabase.OpenOrCreate(Path))
        {
            new RunLog(database).Begin(Plans.Of(), new HashSet<string>());
        }

        Execute(Path, "PRAGMA user_version = 99");

        using var newer = LabDatabase.OpenOrCreate(Path);
        newer.IsReadOnly.Should().BeTrue();
        newer.Notice.Should().Contain("schema 99").And.Contain("knows 22");
        new RunQueries(newer).Names().Should().ContainSingle();
        var act = () => new RunLog(newer);
        act.Should().Throw<LabException>().WithMessage("*schema 99*");
    }

    [Fact]
    public void The_database_of_another_program_is_left_alone()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        Execute(Path, "CREATE TABLE theirs (x)");
        var before = File.ReadAllBytes(Path);

        var act = () => LabDatabase.OpenOrCreate(Path);

        act.Should().Throw<LabException>().WithMessage("*another program*");
        File.ReadAllBytes(Path).Should().Equal(before);
    }

    [Fact]
    public void A_file_that_is_not_a_database_is_reported()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.WriteAllText(Path, string.Concat(Enumerable.Repeat("This is a text and no database. ", 100)));

        var act = () => LabDatabase.OpenOrCreate(Path);

        act.Should().Throw<LabException>().WithMessage("*not a SQLite database*");
    }

    [Fact]
    public void An_empty_file_is_too_old_to_read_but_can_be_written()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.WriteAllBytes(Path, []);

        var act = () => LabDatabase.OpenReadOnly(Path);

        act.Should().Throw<LabException>().WithMessage("*older schema 0*");
        using var database = LabDatabase.OpenExisting(Path);
        new RunQueries(database).Names().Should().BeEmpty();
    }

    [Fact]
    public void A_log_on_a_read_only_database_is_refused()
    {
        LabDatabase.OpenOrCreate(Path).Dispose();
        using var database = LabDatabase.OpenReadOnly(Path);

        var act = () => new RunLog(database);

        act.Should().Throw<LabException>().WithMessage("*reading only*");
    }

    [Fact]
    public void A_full_disk_is_reported_and_no_partial_batch_is_kept()
    {
        using var database = LabDatabase.OpenOrCreate(Path);
        using var log = new RunLog(database);
        log.Begin(Plans.Of(), new HashSet<string>());
        var lines = Of(1, [Started(1), .. Enumerable.Range(1, 10_000).Select(step => Loss(step, step))]);
        Pragma(database, $"max_page_count = {Pragma(database, "page_count")}");

        var act = () => log.Ingest(Plans.Teacher, 1, lines, _folder);

        act.Should().Throw<LabException>().WithMessage("*disk is full*");
        Pragma(database, "max_page_count = 1000000");
        log.Ingest(Plans.Teacher, 1, lines, _folder);
        Count(new RunQueries(database), Plans.Teacher).Should().Be(10_000);
    }

    [Fact]
    public async Task Concurrent_creation_of_the_database_succeeds()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            using var database = LabDatabase.OpenOrCreate(Path);
            return new RunQueries(database).Names().Count;
        })));

        opened.Should().Equal(0, 0, 0, 0);
    }

    [Fact]
    public async Task A_reader_sees_whole_batches_while_the_writer_writes()
    {
        const int Batches = 100;
        var stage = Plans.Training("a", 0);
        using var writing = LabDatabase.OpenOrCreate(Path);
        using var log = new RunLog(writing);
        log.Begin(Plans.Of(), new HashSet<string>());
        var lines = Of(1, [Started(1), .. Enumerable.Range(1, Batches * 10).Select(step => Loss(step, step))]);
        log.Ingest(stage, 1, lines.Take(1).ToList(), _folder);

        using var reading = LabDatabase.OpenReadOnly(Path);
        var queries = new RunQueries(reading);
        var writer = Task.Run(() =>
        {
            foreach (var batch in lines.Skip(1).Chunk(10))
            {
                log.Ingest(stage, 1, batch, _folder);
            }
        });
        var counts = new List<int>();
        do
        {
            counts.Add(Count(queries, stage));
        }
        while (!writer.IsCompleted);
        await writer;
        counts.Add(Count(queries, stage));

        counts.Should().OnlyContain(count => count % 10 == 0).And.BeInAscendingOrder();
        counts[^1].Should().Be(Batches * 10);
    }

    private static int Count(RunQueries queries, string stage) => (int)(queries.Experiment("ablation")!.Stages.Single(s => s.Key == stage)
        .Series.SingleOrDefault()?.Buckets.Sum(bucket => bucket.Count) ?? 0);

    private static string Pragma(LabDatabase database, string name)
    {
        using var command = database.Connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return command.ExecuteScalar()!.ToString()!;
    }

    private static void Execute(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
