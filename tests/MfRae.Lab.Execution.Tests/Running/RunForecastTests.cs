using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>The first results come first, without a worker: the order of the stages with the work of each as its duration.</summary>
public sealed class RunForecastTests : IDisposable
{
    private const string Arms = """
        "axes": { "meanflow.lambda": [0, 0.5, 1] }, "baseline": { "meanflow.lambda": 0 }, "seeds": [3, 1],
        "evaluation": { "metrics": [{ "kind": "fid" }], "ladder": true, "reconstruction": true }
        """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void With_one_job_a_run_is_measured_before_the_next_run_trains()
    {
        string[] own = ["cmt", "meanflow", "sampling", "evaluation"];
        string[] arm = ["meanflow", "sampling", "evaluation"];
        var plan = _work.Plan(Arms);
        var needed = plan.Runs.SelectMany(run => own.Select(role => run.Stages[role])).ToHashSet();

        Forecast(plan, 1).Where(stage => needed.Contains(stage.Node.Key)).Select(stage => stage.Node.Kind)
            .Should().Equal(["cmt", .. arm, .. arm, .. arm, "cmt", .. arm, .. arm, .. arm]);
    }

    [Fact]
    public void Seeds_come_before_arms_and_both_in_the_order_of_the_file() =>
        Results(_work.Plan(Arms), 1).Should().Equal(
            ("lambda=0", 3), ("lambda=0.5", 3), ("lambda=1", 3), ("lambda=0", 1), ("lambda=0.5", 1), ("lambda=1", 1));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void With_several_jobs_no_result_of_the_second_seed_comes_before_one_of_the_first(int jobs)
    {
        var plan = _work.Plan(Arms);
        var ends = Forecast(plan, jobs).ToDictionary(stage => stage.Node.Key, stage => stage.End);

        double Of(PlannedRun run) => ends[run.Results().Single()];
        plan.Runs.Where(run => run.Seed == 3).Max(Of).Should().BeLessThanOrEqualTo(plan.Runs.Where(run => run.Seed == 1).Min(Of));
    }

    [Fact]
    public void Samples_of_the_teacher_that_no_arm_waits_for_start_when_no_stage_of_an_arm_can()
    {
        var plan = _work.Plan(Arms);
        var forecast = Forecast(plan, 1);
        var teacher = forecast.Single(stage => stage.Node.Key == plan.Runs[0].Stages["teacherSampling"]);

        // Everything that starts later needs a stage that was not ready at that time.
        var ends = forecast.ToDictionary(stage => stage.Node.Key, stage => stage.End);
        forecast.Where(stage => stage.Start > teacher.Start && stage.Node.Kind is not "evaluation")
            .Should().NotContain(stage => stage.Node.Inputs.Values.All(input => ends[input] <= teacher.Start));
    }

    [Fact]
    public void With_two_jobs_samples_of_the_teacher_start_in_time()
    {
        var plan = _work.Plan(Arms);
        var forecast = Forecast(plan, 2);

        // At the end, one job may wait for a training, a sampling and an evaluation of the other job.
        forecast[^1].End.Should().BeLessThan(0.6 * Forecast(plan, 1)[^1].End);
        forecast.Single(stage => stage.Node.Key == plan.Runs[0].Stages["teacherSampling"]).Start.Should().BeGreaterThan(
            forecast.Single(stage => stage.Node.Key == plan.Runs[0].Stages["cmt"]).End);
    }

    [Fact]
    public void End_points_of_the_teacher_come_before_the_first_result_and_its_evaluation_after_the_last()
    {
        var plan = _work.Plan(Arms.Replace("\"fid\" }", "\"fid\" }, { \"kind\": \"endpointError\" }"));
        var ends = Forecast(plan, 1).ToDictionary(stage => stage.Node.Key, stage => stage.End);

        ends[plan.Runs[0].Stages["endPoints"]].Should().BeLessThan(ends[plan.Runs[0].Stages["evaluation"]]);
        ends[plan.Runs[0].Stages["teacherEvaluation"]].Should().BeGreaterThan(ends[plan.Runs[^1].Stages["evaluation"]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_evaluation_is_tried_before_any_training(int jobs)
    {
        var forecast = Forecast(_work.Plan(Arms), jobs);

        forecast.Where(stage => stage.Node.Kind is "features" or "reference" or "ladder" or "reconstruction").Max(stage => stage.End)
            .Should().BeLessThanOrEqualTo(forecast.Where(stage => stage.Node.Definition.Trains()).Min(stage => stage.Start));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_shipped_ablation_of_lambda_ends_its_runs_seed_by_seed(int jobs)
    {
        var experiment = ExperimentReader.Read("experiments/ablation-lambda.json", [], Repository.Root).Experiment!;
        var plan = Planner.Build(experiment, FileHash.In(Repository.Root));

        var seeds = Results(plan, jobs).Select(run => run.Seed).ToList();

        if (jobs == 1)
            seeds.Should().Equal(experiment.Seeds.SelectMany(seed => experiment.Arms.Select(_ => seed)));
        else
            seeds[0].Should().Be(experiment.Seeds[0]);
    }

    [Fact]
    public void Complete_stages_take_no_time()
    {
        var plan = _work.Plan(Arms);

        Forecast(plan, 1)[^1].End.Should().Be(plan.Stages.Sum(stage => stage.Definition.Work()));
        RunForecast.Of(plan, _ => true, 1, Work).Should().BeEmpty();
        RunForecast.Of(plan, key => key != plan.Runs[0].Stages["evaluation"], 1, Work).Should().ContainSingle();
    }

    private static IReadOnlyList<StageForecast> Forecast(Plan plan, int jobs) => RunForecast.Of(plan, _ => false, jobs, Work);

    private static double Work(StageNode node) => node.Definition.Work();

    /// <summary>The runs in the order of their results.</summary>
    private static IEnumerable<(string Arm, long Seed)> Results(Plan plan, int jobs) =>
        from stage in Forecast(plan, jobs)
        from run in plan.Runs
        where run.Results().Contains(stage.Node.Key)
        select (run.Arm, run.Seed);
}
