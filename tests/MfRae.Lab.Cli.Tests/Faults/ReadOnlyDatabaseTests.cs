using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Faults;

/// <summary>A healthy database where nothing can be written.</summary>
public sealed class ReadOnlyDatabaseTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Reading_verbs_work_on_a_read_only_disk()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        var database = disk.At("a folder with 100% 'odd' #signs?/lab.db");
        Run(database, "experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        var runs = Run(database, "query", "select run from runs", "--csv").Out.ReplaceLineEndings("\n").Split('\n');
        string[][] commands =
        [
            ["ls"], ["ls", "--json"], ["show", runs[1]], ["query", "select * from arms", "--json"], ["diff", runs[1], runs[2]],
            ["compare", "smoke", "smoke"], ["report", "smoke", "--check"], ["tag", "smoke"], ["note", "smoke"], ["logs", runs[1]], ["db", "check"],
        ];
        var before = commands.Select(command => Run(database, command)).ToList();
        var page = File.ReadAllBytes(_lab.At("reports/smoke.html"));
        disk.ReadOnly(true);
        commands.Select(command => Run(database, command)).Should().Equal(before, "with the empty log that a reader leaves");
        disk.ReadOnly(false);
        new FileInfo(database + "-wal").Length.Should().Be(0);
        File.Delete(database + "-wal");
        File.Delete(database + "-shm");
        disk.ReadOnly(true);

        var after = commands.Select(command => Run(database, command)).ToList();

        after.Should().Equal(before, "alone, as a run or a copy leaves it");
        after.Should().OnlyContain(answer => answer.Code == ExitCode.Ok);
        Directory.Delete(_lab.At("reports"), recursive: true);
        Run(database, "report").Code.Should().Be(ExitCode.Ok);
        File.ReadAllBytes(_lab.At("reports/smoke.html")).Should().Equal(page);
        Run(database, "export", "smoke", "--to", _lab.At("tables")).Code.Should().Be(ExitCode.Ok);
        Run(database, "db", "backup", _lab.At("copy.db")).Code.Should().Be(ExitCode.Ok);
        Run(database, "doctor").Out.Should().Contain("no problems found, schema");
        disk.ReadOnly(false);
    }

    [Fact]
    public void A_read_only_database_with_a_write_ahead_log_is_not_misread()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        Run("lab.db", "experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        using (var other = new SqliteConnection($"Data Source={_lab.At("lab.db")};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "PRAGMA wal_autocheckpoint = 0; UPDATE experiment SET title = 'changed'";
            command.ExecuteNonQuery();
            File.Copy(_lab.At("lab.db"), disk.At("lab.db"));
            File.Copy(_lab.At("lab.db-wal"), disk.At("lab.db-wal"));
        }

        disk.ReadOnly(true);

        foreach (var command in (string[][])[["ls"], ["query", "select 1"], ["db", "check"], ["doctor"]])
        {
            var answer = Run(disk.At("lab.db"), command);
            answer.Code.Should().Be(ExitCode.Environment, answer.Out);
            (answer.Out + answer.Error).Should().Contain("lab.db-wal").And.NotContain("rebuild");
        }

        disk.ReadOnly(false);
        Run(disk.At("lab.db"), "db", "check").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void A_database_in_the_folder_of_another_user_is_read_and_an_unreadable_one_is_reported()
    {
        Requires.Mount();
        Run("theirs/lab.db", "experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        Tmpfs.Run("chmod", "444", _lab.At("theirs/lab.db"));
        Tmpfs.Run("chmod", "555", _lab.At("theirs"));
        string[] list = ["ls", "--db", _lab.At("theirs/lab.db")];

        var answer = WithoutPower(list);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain("smoke");
        Tmpfs.Run("chmod", "000", _lab.At("theirs/lab.db"));
        var refused = WithoutPower(list);
        refused.Code.Should().Be(ExitCode.Environment);
        refused.Error.Should().Contain("denied").And.NotContain("does not exist");
        var check = WithoutPower(["db", "check", "--db", _lab.At("theirs/lab.db")]);
        check.Code.Should().Be(ExitCode.Environment);
        (check.Out + check.Error).Should().Contain("denied").And.NotContain("rebuild");
        Tmpfs.Run("chmod", "755", _lab.At("theirs"));
    }

    [Fact]
    public void Changes_of_a_read_only_database_are_refused_with_the_reason()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        Run(disk.At("lab.db"), "experiments/smoke.json").Code.Should().Be(ExitCode.Ok);
        disk.ReadOnly(true);

        var answer = Run(disk.At("lab.db"), "tag", "smoke", "good");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("no permission to write").And.NotContain("does not exist");
        disk.ReadOnly(false);
    }

    private Answer Run(string database, params string[] command) =>
        _lab.Run([.. command, "--db", _lab.At(database), "--store", _lab.At("store"), "--reports", _lab.At("reports")]);

    private Answer WithoutPower(string[] command)
    {
        using var process = LabProcess.Start(_lab.Path, command, before: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
        return LabProcess.End(process);
    }
}
