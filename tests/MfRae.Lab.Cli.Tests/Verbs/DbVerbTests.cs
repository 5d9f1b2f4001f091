using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed partial class DbVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    // Everything that people query; numbers of rows in tables are the program's own business.
    private static readonly string[] Views =
    [
        "select * from arms", "select * from evaluations", "select * from metrics", "select * from stages", "select * from attempts",
        "select * from costs", "select * from runs", "select * from run_stages", "select * from tags", "select * from notes",
        "select experiment, stage, kind, label, name, caption, hex(png) from images",
        "select * from experiment_files",
        "select experiment, path, question, expectation, primary_metric, overrides, evaluation, plan_hash, title, archived from experiments",
    ];

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rebuilt_database_has_the_same_content(bool lost)
    {
        _lab.OnStage = Fail;
        _lab.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        _lab.OnStage = null;
        _lab.Run(Smoke, "meanflow.training.steps=7").Code.Should().Be(ExitCode.Ok);
        var before = Dump();
        before.Should().Contain("failed").And.Contain("skipped").And.Contain("the disk is full");
        if (lost)
            DeleteDatabase();

        var answer = _lab.Run("db", "rebuild");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Error.Should().BeEmpty();
        Dump().Should().Be(before);
        _lab.Exists("data/lab.db.bak-1").Should().Be(!lost);
        _lab.Run("report", "--check").Code.Should().Be(ExitCode.Ok, "the pages match the rebuilt database");
        _lab.Run("db", "check").Code.Should().Be(ExitCode.Ok);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_experiment_file_is_on_the_page_and_survives_a_lost_database(bool lost)
    {
        _lab.Write(Smoke, "// The reason for <this> run.\n" + File.ReadAllText(_lab.At(Smoke)));
        _lab.Run(Smoke, "meanflow.training.steps=7").Code.Should().Be(ExitCode.Ok);
        var page = Directory.GetFiles(_lab.At("reports"), "smoke~*.html").Single();
        File.ReadAllText(page).Should().ContainAll(
            "The experiment file as written", "// The reason for &lt;this&gt; run.", "<code>experiments/base/fashion-mnist.json</code>",
            "Set on the command line: <code>meanflow.training.steps=7</code>");
        if (lost)
            DeleteDatabase();

        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);

        _lab.Run("report", "--check").Code.Should().Be(ExitCode.Ok);
        _lab.Run("query", "select text from experiment_files where position = 0", "--csv").Out.Should().Contain("The reason for <this> run.");
    }

    /// <summary>As an earlier version left it: nothing says device, noise or setting, and one training ran on a GPU.</summary>
    [Fact]
    public void Stores_and_databases_without_measurement_identities_give_the_same_rows()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        const string Identities = "select arm, metric, device, noise, setting from arms";
        var told = _lab.Run("query", Identities, "--csv").Out;
        var training = Folder("meanflow mfd");
        foreach (var journal in Directory.GetFiles(_lab.At("data/store"), "journal.*.jsonl", SearchOption.AllDirectories))
        {
            var text = IdentityFields().Replace(File.ReadAllText(journal), "");
            var onGpu = journal.StartsWith(training, StringComparison.Ordinal);
            File.WriteAllText(journal, onGpu ? text.Replace("\"device\":\"cpu\"", "\"device\":\"cuda:0\"") : text);
        }

        DeleteDatabase();
        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        var rebuilt = Dump();
        told.Should().Contain("mfd,fid@1,cpu,run,batch=").And.NotContain("cuda");
        _lab.Run("query", Identities, "--csv").Out.Should().Be(told.Replace("mfd,fid@1,cpu,", "mfd,fid@1,cpu+cuda,")
            .Replace("mfd,fid@2,cpu,", "mfd,fid@2,cpu+cuda,").Replace("mfd,accuracy@1,cpu,", "mfd,accuracy@1,cpu+cuda,")
            .Replace("mfd,accuracy@2,cpu,", "mfd,accuracy@2,cpu+cuda,"));

        // Columns can be dropped only while no view names them.
        var views = StoredViews();
        string[] changed = ["experiments", "runs", "evaluations", "arms", "attempts"];
        string[] newer = ["run_values", "arm_costs", "arm_levels", "options", "machine", "versions", "version_runs", "version_attempts", "version_evaluations"];
        Execute(string.Concat(views.Keys.Select(view => $"DROP VIEW {view};")));
        Execute(
            """
            CREATE TABLE begun AS SELECT id, first_run, last_run FROM experiment;
            DROP INDEX run_stage_of_stage;
            DROP TABLE machine_use;
            DELETE FROM status WHERE name = 'stopped';
            UPDATE status SET severity = severity - 100 WHERE severity > 100;
            UPDATE stage_total SET severity = severity - 100 WHERE severity > 100;
            ALTER TABLE arm DROP COLUMN levels; ALTER TABLE arm DROP COLUMN title; ALTER TABLE run DROP COLUMN pilot;
            ALTER TABLE experiment DROP COLUMN smallest_relevant_effect; ALTER TABLE experiment DROP COLUMN contrasts;
            ALTER TABLE experiment DROP COLUMN first_run; ALTER TABLE experiment DROP COLUMN last_run;
            ALTER TABLE attempt DROP COLUMN micro_batch; ALTER TABLE attempt DROP COLUMN recompute;
            ALTER TABLE measurement DROP COLUMN device; ALTER TABLE measurement DROP COLUMN noise; ALTER TABLE measurement DROP COLUMN setting;
            PRAGMA user_version = 11;
            """);
        Execute(string.Concat(views.Where(view => !newer.Contains(view.Key)).Select(view =>
            changed.Contains(view.Key) ? $"CREATE VIEW {view.Key} AS SELECT 1;" : view.Value + ";")));

        LabDatabase.OpenExisting(_lab.At("data/lab.db")).Dispose();
        // A database of before does not say when its plans ran; only the store does.
        Execute(
            """
            UPDATE experiment SET (first_run, last_run) = (SELECT first_run, last_run FROM begun WHERE begun.id = experiment.id);
            DROP TABLE begun;
            """);

        Dump().Should().Be(rebuilt);
        _lab.Run("report", "smoke").Code.Should().Be(ExitCode.Ok);
        var page = File.ReadAllText(_lab.At("reports/smoke.html"));
        page.Should().Contain("device differs");
        _lab.Run("compare", "smoke", "smoke").Error.Should().Contain("fid@1 is not comparable: device is cpu and cpu+cuda");
    }

    [Fact]
    public void Attempts_whose_artifact_was_set_aside_are_found_again()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        File.AppendAllText(Path.Combine(Folder("evaluation mfd"), "output.txt"), "x");
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var before = Dump();
        before.Should().Contain("\"attempt\": 2");
        DeleteDatabase();

        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);

        Dump().Should().Be(before);
    }

    [Fact]
    public void Stages_that_the_store_has_lost_are_copied_from_the_old_database()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Directory.Delete(Folder("meanflow mfd"), recursive: true);
        Directory.Delete(Folder("sampling mfd"), recursive: true);
        Directory.Delete(Folder("evaluation mft"), recursive: true);
        var before = Dump();

        var answer = _lab.Run("db", "rebuild");

        answer.Out.Should().Contain("3 stages were copied from the old database");
        Dump().Should().Be(before);
        _lab.Run("db", "check").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void A_file_that_is_not_a_database_is_replaced_and_kept()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var before = Dump();
        DeleteDatabase();
        _lab.Write("data/lab.db", "not a database");
        _lab.Run("db", "check").Code.Should().Be(ExitCode.Incomparable);

        var answer = _lab.Run("db", "rebuild");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Error.Should().Contain("the old database is ignored");
        Dump().Should().Be(before);
        File.ReadAllText(_lab.At("data/lab.db.bak-1")).Should().Be("not a database");
    }

    [Fact]
    public void The_log_of_a_deleted_database_is_harmless()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var before = Dump();
        DeleteDatabase();
        _lab.Write("data/lab.db-wal", "left behind");

        var answer = _lab.Run("db", "rebuild");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        Dump().Should().Be(before);
        _lab.Exists("data/lab.db.bak-1-wal").Should().BeFalse();
        File.Exists("-wal").Should().BeFalse("no file is written to the working directory of the program");
    }

    [Fact]
    public void A_damaged_page_is_found()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        using (var file = File.OpenWrite(_lab.At("data/lab.db")))
        {
            file.Position = 4096 * 3;
            file.Write(new byte[4096 * 6]);
        }

        var answer = _lab.Run("db", "check", "--json");

        answer.Code.Should().Be(ExitCode.Incomparable);
        var json = JsonDocument.Parse(answer.Out).RootElement;
        json.GetProperty("ok").GetBoolean().Should().BeFalse();
        json.GetProperty("problems").GetArrayLength().Should().BePositive();
    }

    [Fact]
    public void A_dangling_reference_is_found()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Execute("DELETE FROM attempt").Should().BePositive();

        _lab.Run("db", "check").Out.Should().MatchRegex(@"\d+ rows of measurement: the referenced row of attempt is missing")
            .And.MatchRegex(@"\d+ rows of image: the referenced row of attempt");
    }

    [Fact]
    public void A_backup_is_one_complete_file_and_never_replaces_another()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        var before = Dump();

        _lab.Run("db", "backup", "copies/lab.db").Code.Should().Be(ExitCode.Ok);

        Dump("copies/lab.db").Should().Be(before);
        _lab.Run("db", "check", "--db", "copies/lab.db").Code.Should().Be(ExitCode.Ok);
        var again = _lab.Run("db", "backup", "copies/lab.db");
        again.Code.Should().Be(ExitCode.Environment);
        again.Error.Should().Contain("exists");
        _lab.Run("db", "backup", "data/lab.db").Code.Should().Be(ExitCode.Environment);
    }

    [Fact]
    public void A_rebuild_is_refused_while_a_program_has_the_file_open()
    {
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        using var open = LabDatabase.OpenExisting(_lab.At("data/lab.db"));

        var answer = _lab.Run("db", "rebuild");

        answer.Code.Should().Be(ExitCode.Locked);
        answer.Error.Should().Contain("another process has");
        _lab.Exists("data/lab.db.bak-1").Should().BeFalse();
    }

    [Fact]
    public void A_rebuild_is_refused_during_a_run()
    {
        Answer? answer = null;
        _lab.OnStage = context => answer ??= context.Spec.Node.Definition is EncoderStage ? Other().Run(
            "db", "rebuild", "--store", _lab.At("data/store"), "--db", _lab.At("data/lab.db")) : null;
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        answer!.Code.Should().Be(ExitCode.Locked);
        answer.Error.Should().Contain("computes stages");

        LabFolder Other() => new();
    }

    [Fact]
    public void A_rebuild_without_any_run_is_an_error()
    {
        var answer = _lab.Run("db", "rebuild");

        answer.Code.Should().Be(ExitCode.Environment);
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    [GeneratedRegex(",\"device\":\"[^\"]*\",\"noise\":\"[^\"]*\",\"setting\":\"[^\"]*\"")]
    private static partial Regex IdentityFields();

    private string Dump(string database = "data/lab.db") =>
        string.Concat(Views.Select(sql => _lab.Run("query", sql, "--json", "--limit", "100000", "--db", database).Out));

    private Dictionary<string, string> StoredViews()
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, sql FROM sqlite_master WHERE type = 'view'";
        using var reader = command.ExecuteReader();
        var views = new Dictionary<string, string>();
        while (reader.Read())
            views.Add(reader.GetString(0), reader.GetString(1));
        return views;
    }

    private int Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False;Foreign Keys=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private string Folder(string label) => _lab.At(Path.Combine(
        "data", "store", _lab.Run("query", $"select stage from stages where label = '{label}'", "--csv").Out.Split('\n')[1].Trim()));

    private void DeleteDatabase()
    {
        foreach (var file in Directory.GetFiles(_lab.At("data"), "lab.db*"))
            File.Delete(file);
    }

    private static void Fail(StageContext context)
    {
        if (context.Spec.Node is { Kind: "meanflow", Label: "meanflow mfd" })
            throw new LabException("the disk is full");
    }
}
