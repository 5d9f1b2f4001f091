using System.Text.Json;
using System.Text.RegularExpressions;
using MfRae.Lab.Cli.Tests.Fakes;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>
/// An experiment that fails, is edited, is killed and runs again: the page, `history` and the views of the database show every run.
/// </summary>
public sealed partial class HistoryVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public HistoryVerbTests()
    {
        _lab.OnStage = context => _ = context.Spec.Node.Label == "meanflow mfd"
            ? throw new InvalidOperationException("an index is off by one") : 0;
        _lab.Run(Smoke).Code.Should().Be(ExitCode.RunsFailed);
        _lab.OnStage = null;
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke))
            .Replace("\"meanflow\": { \"training\": { \"steps\": 10 } }", "\"meanflow\": { \"training\": { \"steps\": 12 } }")
            .Replace("\"seeds\": [0]", "\"seeds\": [0, 1]"));
        _lab.Kills = spec => spec is { Attempt: 1, Node: { Kind: "meanflow", Seed: 1 } };
        Ok(Smoke);
        _lab.Kills = null;
    }

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void History_lists_each_plan_with_changes_outcomes_and_the_primary_metric()
    {
        var text = Ok("history", "smoke");

        text.Should().MatchRegex(@"smoke@1: run 20[^\n]*\n +runs: 1 completed, 1 failed\n")
            .And.MatchRegex(@"(?s)smoke@2 \(current\): run.*seeds: 0 → 0, 1.*meanflow\.training\.steps: 10 → 12\n.*runs: 4 completed")
            .And.MatchRegex(@"mfd +– +0 of 1 +1 failed").And.MatchRegex(@"mft +[\d.]+ ± [\d.]+ +2 +2 completed")
            .And.MatchRegex(@"meanflow mfd +1 +failed +.*an index is off by one")
            .And.MatchRegex(@"meanflow mft seed 1 +1 +killed, resumed +the worker was killed \(signal 9\)")
            .And.Contain("mean ± sd over seeds");
    }

    [Fact]
    public void History_prints_json()
    {
        var versions = JsonDocument.Parse(Ok("history", Smoke, "--json")).RootElement.GetProperty("versions");

        versions.EnumerateArray().Select(version => (version.GetProperty("version").GetInt32(), version.GetProperty("current").GetBoolean()))
            .Should().Equal((1, false), (2, true));
        versions[0].GetProperty("runs").GetProperty("failed").GetInt32().Should().Be(1);
        versions[0].GetProperty("changes").GetArrayLength().Should().Be(0);
        versions[1].GetProperty("changes").EnumerateArray().Select(change => (
                change.GetProperty("what").GetString(), change.GetProperty("before").GetString(), change.GetProperty("after").GetString()))
            .Should().Equal(("seeds", "0", "0, 1"), ("meanflow.training.steps", "10", "12"));
        versions[1].GetProperty("arms")[0].GetProperty("n").GetInt32().Should().Be(2);
        versions[1].GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetString())
            .Should().Equal("killed", "killed");
        versions[0].GetProperty("firstRun").GetDateTimeOffset().Should().BeBefore(versions[1].GetProperty("firstRun").GetDateTimeOffset());
    }

    [Fact]
    public void The_page_shows_failures_of_earlier_versions_and_killed_attempts()
    {
        var page = Page("smoke");

        page.Should().ContainAll(
            "<h2>Earlier versions</h2>", "meanflow.training.steps: 10 → 12", "1 completed, 1 failed", "an index is off by one",
            "1 attempt of earlier versions has no result:");
        Failures(page).Should().Contain("None: every stage of every run completed.")
            .And.MatchRegex("<ul class=\"plain\" data-timing><li>meanflow mft seed 1, attempt 1: <span class=\"badge bad\">killed</span>");
    }

    [Fact]
    public void Killed_attempts_are_in_elements_that_are_marked_as_dependent_on_timing()
    {
        var killed = Timing().Replace(Page("smoke"), "<$1>");

        killed.Should().NotContain(">killed<").And.Contain("an index is off by one");
    }

    [Fact]
    public void A_second_run_and_a_rebuilt_database_give_the_same_page_and_versions()
    {
        var (page, history) = (Page("smoke"), Ok("history", "smoke", "--json"));

        Ok(Smoke);
        _lab.Started.Should().BeEmpty();
        Page("smoke").Should().Be(page);
        Ok("report", "smoke", "--check");
        _lab.Run("db", "rebuild").Code.Should().Be(ExitCode.Ok);
        Page("smoke").Should().Be(page);
        LastRun().Replace(Ok("history", "smoke", "--json"), "").Should().Be(LastRun().Replace(history, ""));
    }

    [Fact]
    public void The_views_contain_every_version()
    {
        Rows("select version, current, arm, seed, status from version_runs where experiment = 'smoke'").Should().Equal(
            "1,0,mft,0,completed", "1,0,mfd,0,failed", "2,1,mft,0,completed", "2,1,mft,1,completed", "2,1,mfd,0,completed",
            "2,1,mfd,1,completed");
        Rows("select version, label, attempt, status from version_attempts where status <> 'completed'").Should().Equal(
            "1,meanflow mfd,1,failed", "2,meanflow mft seed 1,1,killed", "2,meanflow mfd seed 1,1,killed");
        Rows("select version, arms, seeds, runs from versions").Should().Equal("1,2,1,2", "2,2,2,4");
        Rows("select version, arm, seed from version_evaluations where metric = 'fid@1' and role = 'evaluation'").Should().HaveCount(5);
    }

    [Fact]
    public void A_plan_that_runs_again_keeps_its_number_and_is_current_again()
    {
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"steps\": 12", "\"steps\": 10").Replace("[0, 1]", "[0]"));

        Ok(Smoke, "--retry-failed");

        Rows("select version, current from versions").Should().Equal("1,1", "2,0");
        Page("smoke").Should().MatchRegex("@1<span class=\"n\">this page</span>");
        Ok("history", "smoke").Should().MatchRegex(@"smoke@1 \(current\): first run .*, last run ").And.Contain("runs: 2 completed");
    }

    [Fact]
    public void Two_versions_are_compared_by_their_numbers()
    {
        Ok("compare", "smoke@1", "smoke@2", "--metric", "fid@1").Should().MatchRegex(@"metric +arm +smoke@1 .*smoke@2")
            .And.MatchRegex(@"fid@1 +mfd +– +0 of 1 +[\d.]+ ± [\d.]+ +2");
        Ok("report", "smoke@1", "--against", "smoke@2").Should().Contain("reports/smoke@1-vs-smoke@2.html");
        Page("smoke@1-vs-smoke@2").Should().Contain("<h1>smoke@1 and smoke@2</h1>");
        _lab.Run("compare", "smoke@3", "smoke").Error.Should().Contain("smoke has only the versions @1 to @2, not @3; `history smoke` lists them");
        _lab.Run("history", "smoke@1").Error.Should().Contain("is a version of an experiment");
    }

    [Fact]
    public void A_version_whose_files_are_gone_keeps_its_recorded_values()
    {
        var before = Ok("compare", "smoke@1", "smoke@2", "--metric", "fid@1");

        _lab.Run("gc", "--older-than", "0d").Code.Should().Be(ExitCode.Ok);

        _lab.Run("gc", "--older-than", "0d", "--dry-run").Code.Should().Be(ExitCode.Ok);
        Ok("compare", "smoke@1", "smoke@2", "--metric", "fid@1").Should().Be(before);
        Ok("history", "smoke").Should().Contain("runs: 1 completed, 1 failed");
    }

    [Fact]
    public void A_file_with_changed_content_is_named_as_the_difference()
    {
        _lab.Write("data/weights/teacher.safetensors", "another teacher");

        Ok(Smoke);

        Ok("history", "smoke").Should().Contain("no option differs, but file contents or program code differ for: teacher, ");
    }

    [Fact]
    public void An_experiment_without_edits_has_one_version_and_no_section()
    {
        _lab.Write("experiments/other.json", File.ReadAllText(_lab.At(Smoke)));
        Ok("experiments/other.json");

        Page("other").Should().NotContain("Earlier versions");
        Ok("history", "other").Should().Contain("other@1 (current)").And.NotContain("other@2");
    }

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }

    private string[] Rows(string sql) =>
        [.. Ok("query", sql, "--csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.TrimEnd())];

    private string Page(string name) => File.ReadAllText(_lab.At($"reports/{name}.html"));

    private static string Failures(string page) => FailuresSection().Match(page).Value;

    [GeneratedRegex(@"<(\w+)\b[^<>]* data-timing[^<>]*>.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Timing();

    [GeneratedRegex("<section id=\"failures\">.*?</section>", RegexOptions.Singleline)]
    private static partial Regex FailuresSection();

    [GeneratedRegex("\"lastRun\": ?\"[^\"]*\",?")]
    private static partial Regex LastRun();
}
