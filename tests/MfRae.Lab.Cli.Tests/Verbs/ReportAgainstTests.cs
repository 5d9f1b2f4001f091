using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A page of two experiments: of two in the database, and of one that was published before something changed.</summary>
public sealed class ReportAgainstTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public ReportAgainstTests()
    {
        Ok(Smoke);
        _lab.Write("experiments/longer.json", File.ReadAllText(_lab.At(Smoke)));
        Ok("experiments/longer.json", "seeds=0-1");
        Other = _lab.Run("query", "select experiment from experiments where experiment <> 'smoke'", "--csv").Out.Split('\n')[1].Trim();
    }

    private string Other { get; }

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Two_experiments_are_compared_on_one_page()
    {
        var answer = _lab.Run("report", "smoke", "--against", Other);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain($"reports/smoke-vs-{Other}.html");
        var page = Page($"smoke-vs-{Other}");
        page.Should().ContainAll("<h2>Side by side</h2>", "<code>fid@1</code>", "not paired by seed: the first has seed 0, the second has seeds 0, 1",
            "only in B.", "mft", "mfd");
        _lab.Run("report", Smoke, "--against", Other).Out.Should().Contain("(unchanged)", "the path of its file names it too");
    }

    [Fact]
    public void A_check_reports_whether_the_page_matches_its_data()
    {
        _lab.Run("report", "smoke", "--against", Other, "--check").Code.Should().Be(ExitCode.Incomparable, "the page does not exist yet");
        _lab.Run("report", "smoke", "--against", Other).Code.Should().Be(ExitCode.Ok);
        _lab.Run("report", "smoke", "--against", Other, "--check").Code.Should().Be(ExitCode.Ok);
        File.AppendAllText(_lab.At($"reports/smoke-vs-{Other}.html"), " ");
        _lab.Run("report", "smoke", "--against", Other, "--check").Error.Should().Contain("differs from its data");
    }

    [Fact]
    public void An_experiment_is_compared_with_its_published_data()
    {
        Ok("report", "smoke", "--publish");
        Ok(Smoke, "--fresh");

        var answer = _lab.Run("report", "reports/published/smoke.json.gz", "--against", "smoke");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain("reports/smoke-vs-smoke.html");
        Page("smoke-vs-smoke").Should().ContainAll("are bit-identical", "computed by stages that both experiments share");
    }

    [Fact]
    public void Two_files_need_no_database()
    {
        Ok("report", "smoke", "--publish");
        foreach (var file in Directory.GetFiles(_lab.At("data"), "lab.db*"))
            File.Delete(file);

        _lab.Run("report", "reports/published/smoke.json.gz", "--against", "reports/published/smoke.json.gz").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void A_page_with_an_incomparable_metric_is_written_and_exits_3()
    {
        Change("UPDATE measurement SET samples = 999 WHERE metric = 'fid' AND steps = 1 AND stage IN "
            + $"(SELECT stage FROM evaluations WHERE experiment = '{Other}' AND arm = 'mft' AND seed = 1)");

        var answer = _lab.Run("report", "smoke", "--against", Other);

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Error.Should().Contain("fid@1 is not comparable: samples is 200 and 999");
        Page($"smoke-vs-{Other}").Should().Contain("<h2>Not comparable</h2>").And.Contain("<code>999</code>");
        _lab.Run("report", "smoke", "--against", Other, "--check").Code.Should().Be(ExitCode.Ok, "the page matches its data");
    }

    [Fact]
    public void A_name_that_is_neither_an_experiment_nor_data_is_reported()
    {
        _lab.Run("report", "smoke", "--against", "smokee").Error.Should().Contain("did you mean `smoke`?");
        _lab.Run("report", "smoke", "--against", "none.json.gz").Error.Should().Contain("none.json.gz cannot be read");
        _lab.Run("report", "--against", "smoke").Code.Should().Be(ExitCode.Usage);
        _lab.Run("report", "smoke", "--against", "smoke", "--publish").Code.Should().Be(ExitCode.Usage);
    }

    private string Page(string name) => File.ReadAllText(_lab.At($"reports/{name}.html"));

    private void Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
    }

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BePositive("the test must change something");
    }
}
