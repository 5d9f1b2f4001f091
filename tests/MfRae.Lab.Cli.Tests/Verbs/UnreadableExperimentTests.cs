using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Cli.Tests.Live;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A recorded experiment that cannot be read is reported, and does not hide other experiments.</summary>
public sealed class UnreadableExperimentTests : IDisposable
{
    private readonly ServedLab _served = new();

    public void Dispose() => _served.Dispose();

    [Theory]
    [InlineData("UPDATE experiment SET name = CAST(x'3C623EFF' AS TEXT) WHERE name = 'other'", "&lt;b&gt;\uFFFD", "not valid UTF-8")]
    [InlineData(
        """
        DELETE FROM run_stage WHERE experiment = (SELECT id FROM experiment WHERE name = 'other');
        DELETE FROM run WHERE experiment = (SELECT id FROM experiment WHERE name = 'other');
        DELETE FROM arm WHERE experiment = (SELECT id FROM experiment WHERE name = 'other');
        """,
        "other", "has no arm")]
    public async Task An_unreadable_experiment_is_named_on_the_index_and_explained_by_check(string sql, string name, string why)
    {
        Change(sql);
        var lab = _served.Lab;

        var report = lab.Run("report");

        report.Code.Should().Be(ExitCode.Ok, report.Error);
        report.Error.Should().Contain("cannot be read; `db check` reports the problem");
        var line = $"<p class=\"alarm\">1 experiment cannot be read: <code>{name}</code>. <code>db check</code> says why.</p>";
        var index = File.ReadAllText(lab.At("reports/index.html"));
        index.Should().Contain(line).And.Contain("href=\"smoke.html\"");
        (await Visit.Ask(_served.Port, "/")).Body.Should().Contain(line);
        var check = lab.Run("db", "check");
        check.Code.Should().Be(ExitCode.Incomparable);
        check.Out.Should().Contain(why);
        lab.Run("db", "backup", "copy.db").Code.Should().Be(ExitCode.Ok);
        lab.Run("db", "rebuild", "--db", "copy.db", "--reports", "pages").Code.Should().Be(ExitCode.Ok);
        lab.Run("db", "check", "--db", "copy.db").Code.Should().Be(ExitCode.Ok);
        lab.Run("query", "select experiment from experiments", "--csv", "--db", "copy.db").Out.Should().Contain("other");
    }

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_served.DatabaseFile};Pooling=False;Foreign Keys=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BePositive();
    }
}
