using System.Diagnostics;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class ViewTests : IDisposable
{
    private readonly Support.Lab _lab = new();

    public void Dispose() => _lab.Dispose();

    private void Evaluate(string arm, long seed, params JournalEvent[] events) =>
        _lab.Tell(Plans.Evaluation(arm, seed), 1, [Started(1), .. events, Finished()]);

    private void Fill()
    {
        _lab.Begin(Plans.Of(seeds: [0, 1, 2]));
        Evaluate("b", 0, Measured("is", 2, higher: true), Measured("fid", 12), Measured("fid", 7, steps: 2), Measured("fid", 6, steps: 10));
        Evaluate("b", 1, Measured("fid", 14));
        Evaluate("b", 2, Measured("fid", 19));
        Evaluate("a", 0, Measured("fid", 10));
        Evaluate("a", 1, Measured("fid", double.NaN));
    }

    [Fact]
    public void The_view_arms_has_mean_sample_standard_deviation_and_count_in_arm_order()
    {
        Fill();

        // b: mean 15, deviations -3, -1, 4: sd = sqrt(26 / 2). a: one finite value of three seeds.
        _lab.Rows("select arm, metric, mean, sd, n from arms").Should().BeEquivalentTo(
            new object?[][]
            {
                ["b", "fid@1", 15.0, Math.Sqrt(13), 3L],
                ["b", "fid@2", 7.0, null, 1L],
                ["b", "fid@10", 6.0, null, 1L],
                ["b", "is@1", 2.0, null, 1L],
                ["a", "fid@1", 10.0, null, 1L],
            },
            options => options.WithStrictOrdering());
        _lab.Rows("select distinct arm, baseline, seeds from arms").Should().BeEquivalentTo(new object[][] { ["b", 1L, 3L], ["a", 0L, 3L] });
    }

    [Fact]
    public void The_view_arm_costs_has_the_median_of_the_trainings_on_each_machine()
    {
        _lab.Begin(Plans.Of(seeds: [0, 1, 2, 3]));
        void Train(string arm, long seed, double seconds, double bytes, int jobs) => _lab.Tell(
            Plans.Training(arm, seed), 1,
            [Started(1), Cost("stepSeconds", seconds, jobs), Cost("peakMemory", bytes, jobs), Finished()]);
        Train("b", 0, 0.1, 300, 2);
        Train("b", 1, 0.5, 100, 2);
        Train("b", 2, 0.2, 200, 2);
        Train("b", 3, 9, 900, 1);
        Train("a", 0, 0.3, 100, 2);
        Train("a", 1, 0.4, 200, 2);

        _lab.Rows("select arm, step_seconds, peak_bytes, n, threads, jobs, device from arm_costs").Should().BeEquivalentTo(
            new object?[][]
            {
                ["b", 9.0, 900L, 1L, 2L, 1L, "cpu"],
                ["b", 0.2, 200L, 3L, 2L, 2L, "cpu"],
                ["a", 0.35, 150L, 2L, 2L, 2L, "cpu"],
            },
            options => options.WithStrictOrdering());
        _lab.Rows("select mean, n from arms where arm = 'a' and metric = 'stepSeconds'").Should().BeEquivalentTo(
            new object?[][] { [0.35, 2L] }, "costs are results of arms");

        static MeasuredEvent Cost(string metric, double value, int jobs) => new(new Measurement(
            metric, value, null, null, 0, 0, 1, "", "", "", "", false, "cpu", "", $"processor=Fast_CPU threads=2 jobs={jobs}"));
    }

    [Fact]
    public void The_view_arm_levels_has_a_row_for_each_axis_of_an_arm_in_the_grid()
    {
        var plan = Plans.Of();
        var levels = new Dictionary<string, string> { ["start"] = "cmt", ["meanflow.lambda"] = "0" };
        _lab.Begin(plan with
        {
            Experiment = plan.Experiment with { Arms = [plan.Experiment.Arms[0] with { Levels = levels }, plan.Experiment.Arms[1]] },
        });

        _lab.Rows("select arm, axis, level from arm_levels").Should().BeEquivalentTo(
            new object?[][] { ["b", "start", "cmt"], ["b", "meanflow.lambda", "0"] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void The_view_options_has_a_row_for_each_option_of_an_arm()
    {
        var plan = Plans.Of();
        static LabOptions Of(LabOptions options, double lambda) => options with
        {
            Sampling = new(Steps: [1, 2]),
            MeanFlow = new LambdaMeanFlowOptions(
                lambda, new DitOptions(), new UniformTimeOptions(), new JvpOptions(), new PlainLossWeightOptions(), new TrainingOptions(1)),
        };
        _lab.Begin(plan with
        {
            Experiment = plan.Experiment with
            {
                Arms =
                [
                    plan.Experiment.Arms[0] with { Options = Of(plan.Experiment.Arms[0].Options, 0.5) },
                    plan.Experiment.Arms[1] with { Options = Of(plan.Experiment.Arms[1].Options, 1) },
                ],
            },
        });

        _lab.Rows("select arm, path, value, number, differs from options where path in ('sampling.steps', 'meanflow.lambda', 'meanflow.kind', 'sampling.guidance')")
            .Should().BeEquivalentTo(new object?[][]
            {
                ["b", "meanflow.kind", "lambda", null, 0L], ["b", "meanflow.lambda", "0.5", 0.5, 1L], ["b", "sampling.steps", "[1,2]", null, 0L], ["b", "sampling.guidance", null, null, 0L],
                ["a", "meanflow.kind", "lambda", null, 0L], ["a", "meanflow.lambda", "1", 1.0, 1L], ["a", "sampling.steps", "[1,2]", null, 0L], ["a", "sampling.guidance", null, null, 0L],
            });
        _lab.Rows("select path from options where path glob '*[[]*' or value like '{%'").Should().BeEmpty("objects are paths and lists are values");
    }

    [Fact]
    public void Pilot_seeds_are_in_evaluations_and_in_no_mean_of_an_arm()
    {
        var plan = Plans.Of(arms: ["a"], seeds: [0, 1, 2]);
        _lab.Begin(plan with { Runs = [.. plan.Runs.Select(run => run with { Pilot = run.Seed == 2 })] });
        Evaluate("a", 0, Measured("fid", 1));
        Evaluate("a", 1, Measured("fid", 3));
        Evaluate("a", 2, Measured("fid", 100));

        _lab.Rows("select mean, n, seeds from arms").Should().BeEquivalentTo(new object[][] { [2.0, 2L, 2L] });
        _lab.Rows("select value from evaluations where role = 'evaluation' and pilot = 1").Should().BeEquivalentTo(new object[][] { [100.0] });
    }

    [Fact]
    public void The_standard_deviation_survives_a_large_mean()
    {
        _lab.Begin(Plans.Of(arms: ["a"], seeds: [0, 1, 2]));
        Evaluate("a", 0, Measured("fid", 1e9 + 1));
        Evaluate("a", 1, Measured("fid", 1e9 + 2));
        Evaluate("a", 2, Measured("fid", 1e9 + 3));

        ((double)_lab.Scalar("select sd from arms")!).Should().BeApproximately(1, 1e-6);
    }

    [Fact]
    public void Values_of_different_identity_are_never_averaged()
    {
        _lab.Begin(Plans.Of(arms: ["a"]));
        Evaluate("a", 0, Measured("fid", 10, reference: "test statistics"));
        Evaluate("a", 1, Measured("fid", 20, reference: "train statistics"));

        _lab.Rows("select mean, n, reference from arms")
            .Should().BeEquivalentTo(new object[][] { [10.0, 1L, "test statistics"], [20.0, 1L, "train statistics"] });
    }

    [Theory]
    [InlineData("device", "cuda", "fixed:0", "")]
    [InlineData("noise", "cpu", "fixed:1", "")]
    [InlineData("setting", "cpu", "fixed:0", "k=3")]
    public void Values_of_another_device_noise_or_setting_are_never_averaged(string column, string device, string noise, string setting)
    {
        _lab.Begin(Plans.Of(arms: ["a"]));
        Evaluate("a", 0, Measured("fid", 10).As());
        Evaluate("a", 1, Measured("fid", 20).As(device, noise, setting));

        _lab.Rows($"select mean, n, {column} from arms where name = 'fid' order by mean").Should().HaveCount(2)
            .And.OnlyContain(row => (long)row[1]! == 1);
        _lab.Rows($"select distinct {column} from evaluations where name = 'fid'").Should().HaveCount(2);
        ExperimentComparison.Of(_lab.Queries.Outline("ablation")!).Best.Should().BeNull("the values may not be compared");
    }

    [Fact]
    public void The_value_of_a_run_with_several_noise_sets_is_the_mean_once_all_are_measured()
    {
        var plan = Plans.Of(arms: ["a"], seeds: [0, 1]);
        var run = plan.Runs[0] with
        {
            Stages = new Dictionary<string, string> { ["evaluation"] = Plans.Evaluation("a", 0), ["evaluation.2"] = Plans.Evaluation("a", 1) },
        };
        _lab.Begin(plan with { Runs = [run] });
        Evaluate("a", 0, Measured("fid", 10).As(noise: "run", setting: "batch=250"), Measured("fidFloor", 3).As(noise: ""));
        _lab.Rows("select value from run_values").Should().BeEmpty("the second set is not measured");
        Evaluate("a", 1, Measured("fid", 13).As(noise: "run", setting: "batch=250"), Measured("fidFloor", 3).As(noise: ""));

        _lab.Rows("select name, value, sets, setting from run_values").Should().BeEquivalentTo(
            new object[][] { ["fid", 11.5, 2L, "batch=250 noiseSets=2"], ["fidFloor", 3.0, 2L, ""] });
        _lab.Rows("select name, mean, n, setting from arms").Should().BeEquivalentTo(
            new object[][] { ["fid", 11.5, 1L, "batch=250 noiseSets=2"], ["fidFloor", 3.0, 1L, ""] });
        _lab.Rows("select role, value from evaluations where name = 'fid'").Should().BeEquivalentTo(
            new object[][] { ["evaluation", 10.0], ["evaluation.2", 13.0] });
        var measured = ExperimentComparison.Of(_lab.Queries.Outline("ablation")!, "fid@1").Arms[0].Measured.Single().Measurement;
        (measured.Value, measured.Setting).Should().Be((11.5, "batch=250 noiseSets=2"), "the program computes the same value");
    }

    [Fact]
    public void An_arm_with_a_study_has_the_values_of_the_study()
    {
        var plan = Plans.Of(arms: ["a"], seeds: [0]);
        var run = plan.Runs[0] with
        {
            Stages = new Dictionary<string, string> { [DerivativeErrorNames.Error] = Plans.Evaluation("a", 0) },
        };
        _lab.Begin(plan with { Runs = [run] });
        Evaluate("a", 0, Measured(DerivativeErrorNames.Error, 0.25, steps: 0));

        _lab.Rows("select arm, metric, mean from arms").Should().BeEquivalentTo(new object[][] { ["a", "derivativeError", 0.25] });
    }

    [Fact]
    public void The_teachers_evaluation_is_in_evaluations_and_not_in_arms()
    {
        Fill();
        _lab.Tell(Plans.TeacherEvaluation, 1, Started(1), Measured("fid", 99, steps: 50));

        _lab.Rows("select * from arms where metric = 'fid@50'").Should().BeEmpty();
        _lab.Rows("select arm, seed, value from evaluations where role = 'teacherEvaluation'").Should().HaveCount(6);
        _lab.Rows("select arm, seed, metric, value, name, steps, samples, labels, extractor, reference from evaluations where role = "
            + "'evaluation' limit 1")
            .Single().Should().Equal("b", 0L, "fid@1", 12.0, "fid", 1L, 100L, "balanced", "net", "ref");
    }

    [Fact]
    public void A_shared_stage_costs_once_and_attempts_add_up()
    {
        _lab.Begin(Plans.Of(), Plans.Dataset);
        _lab.Tell(Plans.Teacher, 1, Started(1), Finished("interrupted", wall: 5, cpu: 8, peak: 900));
        _lab.Tell(Plans.Teacher, 2, Started(2), Finished(wall: 7, cpu: 12, peak: 700));
        _lab.Tell(Plans.Training("a", 0), 1, Started(1), Finished(wall: 30, cpu: 60, peak: 5000));

        _lab.Rows($"select attempts, wall_seconds, cpu_seconds, peak_bytes from costs where stage = '{Plans.Teacher}'").Single()
            .Should().Equal(2L, 12.0, 20.0, 900L);
        _lab.Scalar("select sum(wall_seconds) from costs").Should().Be(42.0);
        _lab.Rows("select arm, seed, wall_seconds, peak_bytes from runs").Should().BeEquivalentTo(
            new object[][] { ["b", 0L, 12.0, 900L], ["b", 1L, 12.0, 900L], ["a", 0L, 42.0, 5000L], ["a", 1L, 12.0, 900L] },
            options => options.WithStrictOrdering());
        _lab.Scalar($"select runs from stages where stage = '{Plans.Teacher}'").Should().Be(4L);
    }

    [Fact]
    public void The_totals_of_stages_are_the_sums_over_their_attempts()
    {
        _lab.Begin(Plans.Of(), Plans.Dataset);
        _lab.Tell(Plans.Teacher, 1, Started(1), Loss(1, 1), Finished("interrupted", wall: 5, cpu: 8, peak: 900));
        _lab.Tell(Plans.Teacher, 2, Started(2), new ResumedEvent(1), Finished(wall: 7, cpu: 12, peak: 700));
        _lab.Log.Status(Plans.Teacher, StageStatus.Failed);
        _lab.Begin(Plans.Of("other", "hash-2", arms: ["z"]));

        _lab.Rows("select stage, started, wall_seconds, cpu_seconds, peak_bytes, severity from stage_total").Should().BeEquivalentTo(_lab.Rows(
            """
            select s.key, min(a.started), total(a.wall_seconds), total(a.cpu_seconds), coalesce(max(a.peak_bytes), 0), t.severity
            from stage s join status t on t.name = s.status left join attempt a on a.stage = s.key group by s.key
            """));
        _lab.Rows($"select wall_seconds from stage_total where stage = '{Plans.Teacher}'").Single().Should().Equal(12.0);
    }

    [Fact]
    public void A_run_has_the_worst_status_of_its_stages()
    {
        var plan = Plans.Of(arms: ["a"]);
        _lab.Begin(plan, plan.Stages.Select(stage => stage.Key).ToArray());
        _lab.Log.Status(Plans.Training("a", 1), StageStatus.Diverged, "the loss is not finite at step 3");
        _lab.Log.Status(Plans.Evaluation("a", 1), StageStatus.Skipped);

        _lab.Rows("select seed, status, stages, completed from runs")
            .Should().BeEquivalentTo(new object[][] { [0L, "completed", 5L, 5L], [1L, "diverged", 5L, 3L] });
    }

    [Fact]
    public void The_curves_of_an_arm_follow_from_a_join_with_the_stages_of_runs()
    {
        _lab.Begin(Plans.Of());
        _lab.Tell(Plans.Training("a", 0), 1, Started(1), Loss(10, 1));
        _lab.Tell(Plans.Training("a", 1), 1, Started(1), Loss(10, 3));

        _lab.Rows(
            """
            select arm, step, avg(value) from metrics join run_stages using (experiment, stage)
            where role = 'meanflow' and name = 'loss' group by arm, step
            """).Single().Should().Equal("a", 10L, 2.0);
    }

    [Fact]
    public void The_sqlite3_program_reads_every_view_while_a_run_has_the_database_open()
    {
        Requires.SqliteProgram();
        Fill();

        Sqlite3("select arm, metric, mean, sd, n from arms where metric = 'fid@1'")
            .Should().Be("b|fid@1|15.0|3.60555127546399|3\na|fid@1|10.0||1\n");
        foreach (var view in _lab.Rows("select name from sqlite_schema where type = 'view'"))
        {
            Sqlite3($"select count(*) >= 0 from {view[0]}").Should().Be("1\n", $"the view {view[0]} can be read");
        }
    }

    private string Sqlite3(string sql)
    {
        var start = new ProcessStartInfo("sqlite3") { ArgumentList = { "-readonly", _lab.Path, sql }, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
