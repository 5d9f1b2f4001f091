using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Faults;

/// <summary>After a fault of the machine, a run prints one message, exits with a code and loses no result; the same command resumes it.</summary>
public sealed class MachineFaultTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_disk_that_is_full_in_the_middle_of_a_run()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        var command = Command(disk.At("store"), disk.At("lab.db"), disk.At("reports"));
        FailAt(4, disk.Fill);

        var answer = _lab.Run(command);

        Expect(answer, ExitCode.Environment, "the disk is full");
        disk.Empty();
        GoesOn(command);
    }

    [Fact]
    public void A_store_that_is_read_only()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        var command = Command(disk.At("store"), "lab.db", "reports");
        _lab.Run([.. command, "seeds=0-1"]).Code.Should().Be(ExitCode.Ok);
        disk.ReadOnly(true);

        var answer = _lab.Run(command);

        Expect(answer, ExitCode.Environment, "read-only");
        disk.ReadOnly(false);
        _lab.Run(command).Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void A_database_on_a_full_disk()
    {
        Requires.Mount();
        using var disk = new Tmpfs(16);
        var command = Command("store", disk.At("lab.db"), "reports");
        FailAt(4, disk.Fill);

        var answer = _lab.Run(command);

        Expect(answer, ExitCode.Environment, "lab.db: cannot write to the database: the disk is full");
        disk.Empty();
        GoesOn(command);
    }

    [Fact]
    public void Reports_on_a_disk_that_is_full()
    {
        Requires.Mount();
        using var disk = new Tmpfs(1);
        var command = Command("store", "lab.db", disk.At("reports"));
        disk.Fill();

        var answer = _lab.Run(command);

        Expect(answer, ExitCode.Environment, "the disk is full");
        disk.Empty();
        _lab.Run(command).Code.Should().Be(ExitCode.Ok);
        _lab.Started.Should().BeEmpty("all of it had been computed");
    }

    [Fact]
    public void A_database_that_another_process_holds_in_the_middle_of_a_run()
    {
        var command = Command("store", "lab.db", "reports");
        using var other = new SqliteConnection($"Data Source={_lab.At("lab.db")};Pooling=False");
        FailAt(4, () =>
        {
            other.Open();
            Execute(other, "BEGIN IMMEDIATE");
        });

        var answer = _lab.Run(command);

        Expect(answer, ExitCode.Locked, "lab.db: cannot write to the database: another process has locked it for 10 s");
        Execute(other, "ROLLBACK");
        GoesOn(command);
    }

    [Fact]
    public void A_store_where_this_user_may_not_write() =>
        Forbidden("store", ["experiments/smoke.json", "--store", "store", "--db", "lab.db", "--reports", "reports"]);

    [Fact]
    public void A_database_where_this_user_may_not_write() =>
        Forbidden("database", ["experiments/smoke.json", "--store", "store", "--db", "database/lab.db", "--reports", "reports"]);

    [Fact]
    public void Reports_where_this_user_may_not_write()
    {
        Requires.Mount();
        _lab.Run(Command("store", "lab.db", "reports")).Code.Should().Be(ExitCode.Ok);
        Forbidden("pages", ["report", "smoke", "--store", "store", "--db", "lab.db", "--reports", "pages"]);
    }

    private void Forbidden(string place, string[] command)
    {
        Requires.Mount();
        var folder = Directory.CreateDirectory(_lab.At(place)).FullName;
        Tmpfs.Run("chmod", "555", folder);

        var answer = WithoutPower(command);

        Expect(answer, ExitCode.Environment, place == "database" ? "no permission to read and write" : "denied");
        Directory.EnumerateFileSystemEntries(folder).Should().BeEmpty();
        Tmpfs.Run("chmod", "755", folder);
        _lab.Run(command).Code.Should().Be(ExitCode.Ok);
    }

    private string[] Command(string store, string database, string reports) =>
        ["experiments/smoke.json", "--store", _lab.At(store), "--db", _lab.At(database), "--reports", _lab.At(reports)];

    /// <summary>Lets something happen when the n-th stage begins.</summary>
    private void FailAt(int stage, Action happens)
    {
        var begun = 0;
        _lab.OnStage = _ =>
        {
            if (Interlocked.Increment(ref begun) == stage)
                happens();
        };
    }

    private static void Expect(Answer answer, int code, string message)
    {
        answer.Code.Should().Be(code, answer.Error);
        answer.Out.Should().BeEmpty();
        answer.Error.Should().NotContain("   at ", "a user gets no stack");
        answer.Error.Split('\n').Should().ContainSingle(line => line.Contains(message), answer.Error);
    }

    /// <summary>Complete stages stay complete, and the run succeeds.</summary>
    private void GoesOn(string[] command)
    {
        var before = _lab.Started.Distinct().Count();
        _lab.OnStage = null;

        var answer = _lab.Run(command);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        _lab.Started.Should().NotBeEmpty().And.OnlyHaveUniqueItems();
        _lab.Run([.. command, "--json"]).Out.Should().Contain("\"computed\": 0");
        before.Should().BePositive();
    }

    /// <summary>As root without the capabilities that override file permissions.</summary>
    private Answer WithoutPower(string[] command)
    {
        using var process = LabProcess.Start(_lab.Path, command, before: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
        return LabProcess.End(process);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
