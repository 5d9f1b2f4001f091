using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class RunVerbTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";

    private readonly LabFolder _lab = new();

    [Fact]
    public void A_bare_path_runs_the_experiment_and_ends_with_results_report_and_database()
    {
        var answer = _lab.Run(Smoke);

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().ContainAll(
            "mft (baseline)", "mfd", "teacher", "fid", "accuracy", "report:   reports/smoke.html", "database: data/lab.db");
        _lab.Exists("reports/smoke.html").Should().BeTrue();
        _lab.Exists("reports/index.html").Should().BeTrue();
        _lab.Exists("data/lab.db").Should().BeTrue();
    }

    [Fact]
    public void Results_go_to_stdout_and_progress_to_stderr()
    {
        var answer = _lab.Run(Smoke);

        answer.Error.Should().Contain("dataset running").And.Contain("dataset completed in 0:0").And.NotContain("report:");
        answer.Out.Should().NotContain("running").And.NotContain("completed in");
    }

    [Fact]
    public void A_second_run_computes_nothing_and_leaves_the_report_alone()
    {
        RunFirst();
        var page = File.ReadAllBytes(_lab.At("reports/smoke.html"));
        var written = File.GetLastWriteTimeUtc(_lab.At("reports/smoke.html"));

        var again = _lab.Run(Smoke);

        again.Code.Should().Be(ExitCode.Ok);
        _lab.Started.Should().BeEmpty();
        again.Error.Should().Contain("stages reused").And.NotContain("running");
        File.ReadAllBytes(_lab.At("reports/smoke.html")).Should().Equal(page);
        File.GetLastWriteTimeUtc(_lab.At("reports/smoke.html")).Should().Be(written);
    }

    [Fact]
    public void The_json_output_has_the_content_of_the_table()
    {
        RunFirst();

        using var json = JsonDocument.Parse(_lab.Run(Smoke, "--json").Out);

        var root = json.RootElement;
        root.GetProperty("status").GetString().Should().Be("completed");
        root.GetProperty("stages").GetProperty("computed").GetInt32().Should().Be(0);
        var rows = root.GetProperty("results").EnumerateArray().ToList();
        rows.Select(row => row.GetProperty("arm").GetString()).Distinct().Should().Equal("mft", "mfd", "teacher");
        rows[0].GetProperty("metrics").GetProperty("fid").GetProperty("n").GetInt32().Should().Be(1);
        root.GetProperty("runs").EnumerateArray().Should().HaveCount(2);
    }

    [Fact]
    public void The_cost_of_an_image_is_recorded_but_is_not_a_result_of_an_arm()
    {
        RunFirst();

        _lab.Run(Smoke).Out.Should().Contain("fid").And.NotContain("gflops");
        _lab.Run(Smoke, "--json").Out.Should().NotContain("gflops");
        _lab.Run("query", "select distinct role, metric, value from evaluations where steps = 1 and name like 'gflops.%'", "--csv").Out
            .Should().ContainAll("sampling,gflops.generator@1,0.5", "teacherSampling,gflops.decoder@1,0.25");
    }

    [Fact]
    public void Changing_one_option_of_one_arm_computes_only_the_dependent_stages()
    {
        RunFirst();
        _lab.Write(Smoke, File.ReadAllText(_lab.At(Smoke)).Replace("\"lambda\": 1", "\"lambda\": 0.5", StringComparison.Ordinal));

        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);

        // How many run at once, and so the order, depends on the machine's cores.
        _lab.Started.Should().BeEquivalentTo("meanflow mfd", "sampling mfd", "snapshots mfd", "evaluation mfd");
    }

    [Fact]
    public void A_stage_that_fails_leaves_the_other_arm_its_results()
    {
        _lab.OnStage = context => Fail(context, new LabException("the disk is full"));

        var answer = _lab.Run(Smoke);

        answer.Code.Should().Be(ExitCode.RunsFailed);
        answer.Error.Should().ContainAll("meanflow mfd failed: the disk is full", "stages without a result");
        answer.Out.Should().MatchRegex(@"mft \(baseline\) +1 +1 ").And.MatchRegex(@"mfd +1 +0 of 1 ");
        _lab.Exists("reports/smoke.html").Should().BeTrue();
    }

    [Fact]
    public void A_diverged_run_is_reported_and_exits_1()
    {
        _lab.OnStage = context => Fail(context, DivergedException.NotFinite(7, "loss"));

        var answer = _lab.Run(Smoke);

        answer.Code.Should().Be(ExitCode.RunsFailed);
        answer.Error.Should().Contain("meanflow mfd diverged: loss is not finite at step 7");
    }

    [Fact]
    public void Only_runs_the_stages_of_the_named_arm_and_keeps_the_others_in_the_report()
    {
        var answer = _lab.Run(Smoke, "--only", "mfd");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        _lab.Started.Should().Contain("meanflow mfd").And.NotContain("meanflow mft");
        _lab.Run("query", "select arm, status from runs order by arm", "--csv").Out.ReplaceLineEndings("\n")
            .Should().Be("arm,status\nmfd,completed\nmft,planned\n");
    }

    [Fact]
    public void An_unknown_arm_is_a_usage_error()
    {
        var answer = _lab.Run(Smoke, "--only", "mdf");

        answer.Code.Should().Be(ExitCode.Usage);
        answer.Error.Should().ContainAll("`mdf` is not an arm", "`mft`", "`mfd`");
        _lab.Exists("data/lab.db").Should().BeFalse();
    }

    [Fact]
    public void Ctrl_c_exits_130_and_the_same_command_resumes()
    {
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Definition is CmtStage)
            {
                _lab.Signals.Receive(ExitCode.Interrupted);
                context.Stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)).Should().BeTrue();
            }
        };

        var stopped = _lab.Run(Smoke, "--jobs", "1");
        stopped.Code.Should().Be(ExitCode.Interrupted);
        stopped.Error.Should().Contain("stopping after a checkpoint");

        _lab.OnStage = null;
        _lab.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        _lab.Started.Should().Contain("cmt").And.NotContain("dataset");
    }

    [Fact]
    public void An_interruption_prints_how_to_resume_and_no_empty_table()
    {
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Definition is CmtStage)
            {
                _lab.Signals.Receive(ExitCode.Interrupted);
                context.Stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)).Should().BeTrue();
            }
        };

        var stopped = _lab.Run(Smoke, "--jobs", "1");

        stopped.Error.Should().MatchRegex("interrupted with [0-9]+ of [0-9]+ stages complete; run the same command to resume");
        stopped.Out.Should().NotContain("baseline").And.Contain("report:   reports/smoke.html");
    }

    [Fact]
    public void An_interruption_with_json_output_prints_how_to_resume()
    {
        _lab.OnStage = _ => _lab.Signals.Receive(ExitCode.Interrupted);

        var stopped = _lab.Run(Smoke, "--jobs", "1", "--json");

        stopped.Error.Should().Contain("run the same command to resume");
        JsonDocument.Parse(stopped.Out).RootElement.GetProperty("status").GetString().Should().Be("interrupted");
    }

    [Fact]
    public void Sigterm_exits_143()
    {
        _lab.OnStage = _ => _lab.Signals.Receive(ExitCode.Terminated);

        _lab.Run(Smoke, "--jobs", "1").Code.Should().Be(ExitCode.Terminated);
    }

    public void Dispose() => _lab.Dispose();

    private void RunFirst()
    {
        var answer = _lab.Run(Smoke);
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
    }

    private static void Fail(StageContext context, Exception error)
    {
        if (context.Spec.Node is { Kind: "meanflow", Label: "meanflow mfd" })
            throw error;
    }
}
