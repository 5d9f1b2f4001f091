using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>What `ls` says of runs, what arms are called, and which arms `--only` takes.</summary>
public sealed class ListingTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_run_is_listed_with_its_primary_metric_and_the_overrides()
    {
        Ok(Smoke, "meanflow.training.steps=7");

        Ok("ls").Should().Contain("primary metric").And.MatchRegex(@"mfd +0 +completed +fid@1 [\d.]+ .* meanflow\.training\.steps=7");
        var run = Listed()[0];
        run.GetProperty("primaryMetric").GetString().Should().Be("fid@1");
        run.GetProperty("value").GetDouble().Should().BePositive();
        run.GetProperty("overrides")[0].GetString().Should().Be("meanflow.training.steps=7");
    }

    [Fact]
    public void A_run_starts_with_its_first_unshared_stage()
    {
        Ok(Smoke);
        Change("UPDATE attempt SET started = '2020-01-01T00:00:00.0000000Z' WHERE stage IN (SELECT key FROM stage WHERE kind = 'dataset')");

        Listed().Should().OnlyContain(run => run.GetProperty("started").GetDateTimeOffset().Year > 2020);
        _lab.Run("query", "select distinct substr(started, 1, 4) as year from runs", "--csv").Out.Should().Contain("2020");
    }

    [Fact]
    public void A_run_without_a_live_process_is_interrupted()
    {
        Ok(Smoke);
        var key = _lab.Run("query", "select stage from stages where label = 'meanflow mfd'", "--csv").Out.Split('\n')[1].Trim();
        Change($"UPDATE stage SET status = 'running' WHERE key = '{key}'");

        Status("mfd").Should().Be("interrupted");
        Ok("history", "smoke").Should().MatchRegex("runs: (1 completed, 1 interrupted|1 interrupted, 1 completed)\\n");
        _lab.Run("ls", "--status", "interrupted").Out.Should().Contain("mfd").And.NotContain("mft");
        var plan = Planner.Build(ExperimentReader.Read(Smoke, [], _lab.Path).Experiment!, FileHash.In(_lab.Path));
        using var lease = StageLeases.TryAcquire(
            new ArtifactStore(_lab.At("data/store")), [.. plan.Stages.Where(stage => stage.Key == key)], TimeProvider.System);
        lease.Should().NotBeNull();
        Status("mfd").Should().Be("running");
    }

    [Fact]
    public void Runs_of_an_earlier_version_are_listed_and_shown()
    {
        Ok(Smoke);
        var before = Listed()[1].GetProperty("run").GetString()!;
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"meanflow\": { \"training\": { \"steps\": 10 } }", "\"meanflow\": { \"training\": { \"steps\": 12 } }"));
        Ok(Smoke);

        Listed("smoke").Select(run => run.GetProperty("run").GetString()).Should().NotContain(before);
        Listed("smoke@1").Select(run => run.GetProperty("run").GetString()).Should().Contain(before);
        Listed("smoke@1")[1].GetProperty("value").GetDouble().Should().BePositive();
        Ok("show", before[..12]).Should().Contain($"run {before}").And.Contain("fid@1");
        _lab.Run("ls", "smoke@9").Error.Should().Contain("smoke has only the versions @1 to @2");
    }

    [Fact]
    public void Arms_have_their_titles_in_text_and_their_names_in_data()
    {
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"mfd\": {", "\"mfd\": { \"title\": \"CMT, λ = 1\","));

        var answer = _lab.Run(Smoke);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().MatchRegex(@"CMT, λ = 1 +1 +1 ").And.Contain("  CMT, λ = 1: underpowered").And.NotContain("mfd");
        var page = File.ReadAllText(_lab.At("reports/smoke.html"));
        page.Should().Contain("title=\"mfd\"").And.Contain("CMT, λ = 1 (mfd)").And.MatchRegex("data-arm=\"CMT, λ = 1\"");
        _lab.Run("query", "select distinct arm from runs", "--csv").Out.Should().Contain("mfd").And.NotContain("CMT");
        _lab.Run("query", "select arm, arm_title from version_runs", "--csv").Out.Should().Contain("mfd,\"CMT, λ = 1\"");
        Ok(Smoke, "--only", "mfd");
        Ok("report", "smoke", "--check");
    }

    [Fact]
    public void A_name_in_another_script_works_everywhere()
    {
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"mfd\": {", "\"λ=平均\": {"));

        Ok(Smoke).Should().Contain("λ=平均");
        Ok("ls", "--arm", "λ=平均").Should().Contain("λ=平均");
        Ok(Smoke, "--only", "λ=平均");
        _lab.Run("export", "smoke", "--to", "out", "--format", "tensorboard").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void Only_takes_an_arm_although_an_override_made_others_equal()
    {
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace(
            "\"mfd\": {", "\"longer\": { \"meanflow\": { \"lambda\": 0, \"training\": { \"steps\": 11 } } }, \"mfd\": {"));

        _lab.Run(Smoke, "meanflow.training.steps=5").Error.Should().Contain("`mft` and `longer` have the same options");
        Ok(Smoke, "meanflow.training.steps=5", "--only", "mfd");
        Ok("plan", Smoke, "meanflow.training.steps=5", "--only", "mfd", "--only", "mft");
        _lab.Run(Smoke, "meanflow.training.steps=5", "--only", "mft", "--only", "longer").Error.Should().Contain("have the same options");
    }

    private string Ok(params string[] args)
    {
        var answer = _lab.Run(args);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        return answer.Out;
    }

    private JsonElement[] Listed(params string[] args) =>
        [.. JsonDocument.Parse(Ok(["ls", .. args, "--json"])).RootElement.EnumerateArray()];

    private string? Status(string arm) => Listed().Single(run => run.GetProperty("arm").GetString() == arm).GetProperty("status").GetString();

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BePositive();
    }
}
