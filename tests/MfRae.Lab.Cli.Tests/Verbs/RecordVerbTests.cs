using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>diff, compare, logs and doctor, on a finished experiment and a variant with one changed option.</summary>
public sealed class RecordVerbTests : IDisposable
{
    private readonly LabFolder _lab = new();
    private readonly string _other;

    public RecordVerbTests()
    {
        Ok("experiments/smoke.json");
        Ok("experiments/smoke.json", "meanflow.training.steps=7");
        _other = Cell("select experiment from experiments where experiment <> 'smoke'");
    }

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Two_runs_differ_in_the_changed_option_and_the_stages_that_depend_on_it()
    {
        var rows = JsonDocument.Parse(Ok("diff", Run("smoke", "mft"), Run("smoke", "mfd"), "--json")).RootElement.EnumerateArray()
            .Select(row => (What: row.GetProperty("what").GetString(), Name: row.GetProperty("name").GetString())).ToList();

        rows.Should().Contain(("run", "arm")).And.Contain(("option", "meanflow.lambda"));
        rows.Where(row => row.What == "stage").Select(row => row.Name).Should().Equal("meanflow", "sampling", "evaluation", "snapshots");
        rows.Should().NotContain(row => row.What == "identity");
        Ok("diff", Run("smoke", "mft"), Run("smoke", "mft")).Should().Contain("do not differ");
    }

    [Fact]
    public void Two_experiments_are_compared_arm_by_arm()
    {
        var text = Ok("compare", "smoke", _other);

        text.Should().MatchRegex(@"fid@1 +mft +[\d.]+ +1 +[\d.]+ +1").And.MatchRegex(@"accuracy@2 +mfd ");
        var json = JsonDocument.Parse(Ok("compare", "smoke", _other, "--metric", "fid@1", "--json")).RootElement;
        json.GetProperty("metrics").GetArrayLength().Should().Be(1);
        json.GetProperty("metrics")[0].GetProperty("arms")[0].GetProperty("one").GetProperty("n").GetInt32().Should().Be(1);
    }

    [Fact]
    public void Every_field_in_which_identities_differ_is_named_and_no_number_is_shown()
    {
        var stage = Cell($"select stage from evaluations where experiment = '{_other}' and arm = 'mft' and role = 'evaluation' limit 1");
        Change($"UPDATE measurement SET samples = 999, extractor = 'another', preprocessing = '<b>' WHERE metric = 'fid' AND steps = 1 AND stage = '{stage}'");

        var answer = _lab.Run("compare", "smoke", _other);

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Error.Should().ContainAll(
            "fid@1 is not comparable: samples is 200 and 999", "extractor is e and another", "preprocessing is none and <b>");
        answer.Out.Should().NotContain("fid@1 ").And.Contain("fid@2");
    }

    [Fact]
    public void An_unknown_name_gets_a_suggestion()
    {
        _lab.Run("compare", "smok", _other).Error.Should().Contain("did you mean `smoke`?");
        _lab.Run("compare", "smoke", _other, "--metric", "fdi@1").Error.Should().Contain("did you mean `fid@1`?");
        _lab.Run("logs", Run("smoke", "mft"), "--stage", "meanflw").Error.Should().Contain("did you mean `meanflow`?");
        _lab.Run("ls", "smoke", "--arm", "mdf").Error.Should().Contain("did you mean");
        _lab.Run("ls", "smokee").Error.Should().Contain("did you mean `smoke`?");
    }

    [Fact]
    public void Noise_that_cannot_be_written_is_reported()
    {
        var run = Run("smoke", "mfd");

        _lab.Run("noise", run, "noise.bin").Error.Should().Contain("noise.bin does not end with .safetensors");
        _lab.Run("noise", run, "noise.safetensors", "--set", "2").Error.Should().Contain("the run has no stage `sampling.2`");
    }

    [Fact]
    public void Logs_show_the_output_of_workers_without_control_sequences()
    {
        var key = Cell("select stage from stages where label = 'meanflow mfd' and experiment = 'smoke'");
        File.WriteAllText(_lab.At($"data/store/{key}/worker.1.log"), "first\n\u001b[2Jsecond\n");

        var shown = Ok("logs", Run("smoke", "mfd"));

        shown.Should().Contain("== meanflow, attempt 1").And.Contain("\\u001b[2Jsecond").And.NotContain("\u001b");
        Ok("logs", Run("smoke", "mfd"), "--tail", "1").Should().NotContain("first");
        JsonDocument.Parse(Ok("logs", Run("smoke", "mfd"), "--stage", "meanflow", "--json")).RootElement[0]
            .GetProperty("lines")[1].GetString().Should().Be("\u001b[2Jsecond");
        _lab.Run("logs", Run("smoke", "mft")).Error.Should().Contain("this run has no stored output");
    }

    [Fact]
    public void Ls_and_show_print_json()
    {
        var listed = JsonDocument.Parse(Ok("ls", "smoke", "--json")).RootElement;
        listed.GetArrayLength().Should().Be(2);
        var id = listed[0].GetProperty("run").GetString()!;

        var shown = JsonDocument.Parse(Ok("show", id, "--json")).RootElement;

        shown.GetProperty("run").GetString().Should().Be(id);
        shown.GetProperty("stages").EnumerateArray().SelectMany(stage => stage.GetProperty("measurements").EnumerateArray())
            .Should().Contain(measurement => measurement.GetProperty("metric").GetString() == "fid@1");
    }

    [Fact]
    public void Doctor_lists_each_check_once_and_fails_if_a_run_would_fail()
    {
        var found = Doctor(_lab.Run("doctor", "--json"));

        found.Keys.Should().Equal(
            "runtime", "libtorch", "devices", "threads", "source", "store", "clock", "locks", "disk", "leases", "database", "file system");
        found["locks"].Should().Be("ok");
        found.Where(one => one.Key != "disk").Select(one => one.Value).Should().NotContain("fail");
        File.WriteAllText(_lab.At("broken.db"), "not a database");
        var broken = _lab.Run("doctor", "--json", "--db", "broken.db");
        broken.Code.Should().Be(ExitCode.Environment);
        Doctor(broken)["database"].Should().Be("fail");
        _lab.Write("occupied", "a file where the store should be");
        _lab.Run("doctor", "--store", "occupied").Out.Should().MatchRegex("(?m)^fail +store: ");
        _lab.Run("doctor").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(found.Count);
    }

    [Fact]
    public void Doctor_compares_a_device_with_the_CPU()
    {
        var answer = _lab.Run("doctor", "--gpu", "--device", "cpu", "--json");

        answer.Code.Should().Be(ExitCode.Ok, answer.Out);
        var report = JsonDocument.Parse(answer.Out).RootElement;
        report.EnumerateObject().Select(property => property.Name).Should().Equal("device", "name", "driver", "memory", "peakMemory", "packages", "checks");
        report.GetProperty("checks").EnumerateArray().Should().HaveCountGreaterThan(15).And.OnlyContain(check =>
            string.Join(' ', check.EnumerateObject().Select(property => property.Name)) == "check result value limit unit reason");
        var usage = _lab.Run("doctor", "--device", "cpu");
        usage.Code.Should().Be(ExitCode.Usage);
        usage.Error.Should().Contain("--device needs --gpu");
    }

    private static Dictionary<string, string> Doctor(Answer answer) => JsonDocument.Parse(answer.Out).RootElement.EnumerateArray()
        .ToDictionary(one => one.GetProperty("subject").GetString()!, one => one.GetProperty("result").GetString()!);

    private string Run(string experiment, string arm) => Cell($"select run from runs where experiment = '{experiment}' and arm = '{arm}'")[..12];

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }

    private string Cell(string sql) => Ok("query", sql, "--csv").Split('\n')[1].Trim();

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BePositive("the test must change something");
    }
}
