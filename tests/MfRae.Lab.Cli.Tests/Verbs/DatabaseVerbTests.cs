using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>The verbs that read the results of a run.</summary>
public sealed class DatabaseVerbTests(DatabaseVerbTests.Finished finished) : IClassFixture<DatabaseVerbTests.Finished>
{
    private readonly LabFolder _lab = finished.Lab;

    [Theory]
    [InlineData("ls")]
    [InlineData("show abc")]
    [InlineData("query select")]
    [InlineData("report")]
    public void A_missing_database_is_an_error_and_is_not_created(string command)
    {
        var answer = _lab.Run([.. command.Split(' '), "--db", "elsewhere/lab.db"]);

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain(Path.Combine("elsewhere", "lab.db"));
        _lab.Exists("elsewhere").Should().BeFalse();
    }

    [Fact]
    public void Ls_lists_runs_and_show_takes_the_start_of_an_id()
    {
        var line = _lab.Run("ls", "smoke").Out.Split(Environment.NewLine).Should().ContainSingle(text => text.Contains("mfd")).Subject;
        line.Should().ContainAll("smoke", "completed");

        var shown = _lab.Run("show", line[..6]);

        shown.Code.Should().Be(ExitCode.Ok, shown.Error);
        shown.Out.Should().ContainAll("arm mfd", "meanflow mfd", "fid@1", "accuracy@2");
    }

    [Fact]
    public void Ls_filters_by_arm_and_state()
    {
        _lab.Run("ls", "--arm", "mft").Out.Should().Contain("mft").And.NotContain("mfd");
        _lab.Run("ls", "--status", "failed").Out.Should().NotContain("mft");
    }

    [Fact]
    public void Show_reports_an_unknown_run()
    {
        var answer = _lab.Run("show", "zz");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().NotBeEmpty();
    }

    [Fact]
    public void Query_answers_as_table_csv_and_json()
    {
        const string Sql = "select arm, metric, n from arms where metric = 'fid@1' order by arm";

        _lab.Run("query", Sql).Out.ReplaceLineEndings("\n").Should().Be("arm  metric  n\n---  ------  -\nmfd  fid@1   1\nmft  fid@1   1\n");
        _lab.Run("query", Sql, "--csv").Out.ReplaceLineEndings("\n").Should().Be("arm,metric,n\nmfd,fid@1,1\nmft,fid@1,1\n");
        using var json = JsonDocument.Parse(_lab.Run("query", Sql, "--json").Out);
        json.RootElement[0].GetProperty("arm").GetString().Should().Be("mfd");
        json.RootElement[0].GetProperty("n").GetInt64().Should().Be(1);
    }

    [Fact]
    public void Query_writes_the_csv_of_the_golden_file()
    {
        var golden = Path.Combine(Checkout.Root, "tests", "Golden", "csv");

        var answer = _lab.Run("query", File.ReadAllText(Path.Combine(golden, "cells.sql")), "--csv");

        answer.Out.Should().Be(File.ReadAllText(Path.Combine(golden, "cells.csv")));
    }

    [Fact]
    public void A_truncated_query_is_reported_on_stderr()
    {
        var answer = _lab.Run("query", "select metric from evaluations", "--limit", "1", "--csv");

        answer.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(2);
        answer.Error.Should().Contain("--limit");
    }

    [Theory]
    [InlineData("selec 1")]
    [InlineData("select nothing from runs")]
    [InlineData("delete from stage")]
    public void A_wrong_query_exits_2_and_changes_nothing(string sql)
    {
        var answer = _lab.Run("query", sql);

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().NotBeEmpty();
        _lab.Run("query", "select count(*) as n from runs", "--csv").Out.Should().Contain("2");
    }

    [Fact]
    public void A_report_is_checked_byte_by_byte_and_rendered_again()
    {
        _lab.Run("report", "--reports", "pages").Out.Should().ContainAll("pages/smoke.html", "pages/index.html");
        File.ReadAllBytes(_lab.At("pages/smoke.html")).Should().Equal(File.ReadAllBytes(_lab.At("reports/smoke.html")));
        _lab.Run("report", "smoke", "--check", "--reports", "pages").Code.Should().Be(ExitCode.Ok);

        File.AppendAllText(_lab.At("pages/smoke.html"), " ");
        var wrong = _lab.Run("report", "experiments/smoke.json", "--check", "--reports", "pages");
        wrong.Code.Should().Be(ExitCode.Incomparable);
        wrong.Error.Should().Contain("pages/smoke.html differs from the database");

        _lab.Run("report", "smoke", "--reports", "pages").Code.Should().Be(ExitCode.Ok);
        _lab.Run("report", "--check", "--reports", "pages").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void An_experiment_that_never_ran_has_no_report()
    {
        var answer = _lab.Run("report", "other");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("`other`").And.Contain("smoke");
    }

    /// <summary>One run for all tests of this class.</summary>
    public sealed class Finished : IDisposable
    {
        public Finished()
        {
            var answer = Lab.Run("experiments/smoke.json");
            if (answer.Code != ExitCode.Ok)
                throw new InvalidOperationException(answer.Error);
        }

        internal LabFolder Lab { get; } = new();

        public void Dispose() => Lab.Dispose();
    }
}
