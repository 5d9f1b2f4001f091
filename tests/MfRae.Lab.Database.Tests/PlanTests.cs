using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class PlanTests : IDisposable
{
    private readonly Support.Lab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        _lab.Begin(Plans.Of(), Plans.Dataset);

        var record = _lab.Queries.Experiment("ablation")!;

        record.Should().BeEquivalentTo(
            new
            {
                Name = "ablation",
                Path = "experiments/ablation.json",
                Question = "Which is better?",
                PrimaryMetric = "fid@1",
                PlanHash = "hash-1"
            });
        record.Overrides.Should().Equal("a.b=1");
        record.Seeds.Should().Equal(0, 1);
        record.Arms.Select(arm => (arm.Name, arm.Baseline)).Should().Equal(("b", true), ("a", false));
        record.Arms[1].Differences
            .Should().Equal(new Dictionary<string, string> { ["meanflow.lambda"] = "\"a\"", ["meanflow.tangentLambda"] = "null" });
        record.Arms[0].OptionsJson.Should().Contain("\"meanflow\":{\"kind\":\"none\"}");
        record.Runs.Select(run => (run.Arm, run.Seed)).Should().Equal(("b", 0), ("b", 1), ("a", 0), ("a", 1));
        record.Runs[0].Stages["meanflow"].Should().Be(Plans.Training("b", 0));
        record.Stages.Select(stage => stage.Key).Should().Equal(Plans.Of().Stages.Select(stage => stage.Key));
        record.Stages[0]
            .Should().BeEquivalentTo(new { Kind = "dataset", Label = "dataset of ablation", Status = "completed", Seed = (long?)null });
        record.Stages[1].Inputs.Should().Equal(new Dictionary<string, string> { ["dataset"] = Plans.Dataset });
        record.Stages[1].DefinitionJson.Should().Contain("\"stage\":\"teacher\"");
        record.Stages[3].Seed.Should().Be(0);
    }

    [Fact]
    public void The_declared_analysis_is_read_as_it_was_written()
    {
        var plan = Plans.Of();
        plan = plan with
        {
            Experiment = plan.Experiment with
            {
                SmallestRelevantEffect = 0.03,
                Contrasts = [new("gain", new Dictionary<string, double> { ["a"] = 1, ["b"] = -1 }, "Gain", "fid@1", 0.1)],
            },
            Runs = [.. plan.Runs.Select(run => run with { Pilot = run.Seed == 1 })],
        };
        _lab.Begin(plan, Plans.Dataset);

        var record = _lab.Queries.Experiment("ablation")!;

        record.SmallestRelevantEffect.Should().Be(0.03);
        record.Contrasts.Should().BeEquivalentTo(plan.Experiment.Contrasts);
        record.Seeds.Should().Equal(0);
        record.PilotSeeds().Should().Equal(1);
        _lab.Rows("select seed, pilot from runs where arm = 'a'").Should().BeEquivalentTo(new object[][] { [0L, 0L], [1L, 1L] });
        _lab.Rows("select smallest_relevant_effect from experiments").Should().BeEquivalentTo(new object[][] { [0.03] });
        _lab.Begin(Plans.Of(), Plans.Dataset);
        _lab.Queries.Experiment("ablation")!.Contrasts.Should().BeNull("a later run declares none");
    }

    [Fact]
    public void An_unknown_experiment_is_null() => _lab.Queries.Experiment("nothing").Should().BeNull();

    [Fact]
    public void The_plan_started_last_is_current_even_if_it_is_an_old_plan()
    {
        _lab.Begin(Plans.Of(hash: "old", arms: ["a"]));
        _lab.Begin(Plans.Of(hash: "new", arms: ["a", "b"]));
        _lab.Queries.Experiment("ablation")!.PlanHash.Should().Be("new");
        _lab.Rows("select distinct arm from runs").Should().HaveCount(2);

        _lab.Begin(Plans.Of(hash: "old", arms: ["a"], question: "Asked better?"));

        _lab.Queries.Experiment("ablation")!.Should().BeEquivalentTo(new { PlanHash = "old", Question = "Asked better?" });
        _lab.Rows("select distinct arm from runs").Should().HaveCount(1);
        _lab.Scalar("select count(*) from experiment").Should().Be(2L);
    }

    [Fact]
    public void A_title_is_optional_and_may_change()
    {
        var plan = Plans.Of();
        _lab.Begin(plan);
        _lab.Queries.Experiment("ablation")!.Title.Should().BeNull();

        _lab.Begin(plan with { Experiment = plan.Experiment with { Title = "Titled" } });

        _lab.Queries.Experiment("ablation")!.Title.Should().Be("Titled");
        _lab.Scalar("select title from experiments").Should().Be("Titled");
    }

    [Fact]
    public void The_experiment_file_of_the_last_run_is_read_as_written()
    {
        const string Hostile = "'); drop table written_file; -- \u202e <img src=x> {{ 1 }}\r\n\t{}";
        var plan = Plans.Of();
        _lab.Begin(plan);
        _lab.Queries.Experiment("ablation")!.Files.Should().BeNull("this plan was read from no file");

        WrittenFile[] first = [new("a.json", "one"), new("b.json", "two"), new("c.json", "three", 7)];
        _lab.Begin(plan with { Experiment = plan.Experiment with { Files = first } });
        _lab.Queries.Experiment("ablation")!.Files.Should().Equal(first);
        _lab.Begin(plan with { Experiment = plan.Experiment with { Files = [new(Hostile, Hostile)] } });

        _lab.Queries.Experiment("ablation")!.Files.Should().Equal(new WrittenFile(Hostile, Hostile));
        _lab.Rows("select position, path, text, omitted from experiment_files where experiment = 'ablation'").Single()
            .Should().Equal(0L, Hostile, Hostile, 0L);
    }

    [Fact]
    public void Experiments_share_a_stage_and_each_has_its_own_label()
    {
        _lab.Begin(Plans.Of("one"));
        _lab.Begin(Plans.Of("two"));

        _lab.Queries.Experiment("one")!.Stages[1].Label.Should().Be("teacher of one");
        _lab.Queries.Experiment("two")!.Stages[1].Label.Should().Be("teacher of two");
        _lab.Scalar($"select count(*) from stage where key = '{Plans.Teacher}'").Should().Be(1L);
    }

    [Fact]
    public void Stages_of_a_dead_coordinator_are_interrupted_when_the_plan_begins_again()
    {
        _lab.Begin(Plans.Of(), Plans.Dataset);
        _lab.Log.Status(Plans.Teacher, StageStatus.Running);
        _lab.Log.Status(Plans.Training("a", 0), StageStatus.Queued);
        _lab.Tell(Plans.Teacher, 1, Started(1), Loss(1, 1));
        _lab.Reopen();

        _lab.Begin(Plans.Of(), Plans.Dataset);

        _lab.Rows("select kind, status, reason from stages where status = 'interrupted'").Select(row => row[0])
            .Should().Equal("teacher", "meanflow");
        _lab.Scalar("select status from attempts").Should().Be("interrupted");
    }

    [Fact]
    public void A_stage_without_its_artifact_is_planned_again_and_a_cached_stage_is_completed()
    {
        _lab.Begin(Plans.Of(), Plans.Dataset, Plans.Teacher);
        _lab.Begin(Plans.Of(), Plans.Dataset);

        _lab.Rows("select status from stages where kind in ('dataset', 'teacher')").Select(row => row[0])
            .Should().Equal("completed", "planned");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_stage_is_running_after_the_end(bool properly)
    {
        var plan = Plans.Of();
        _lab.Begin(plan);
        _lab.Log.Status(Plans.Dataset, StageStatus.Completed);
        _lab.Log.Status(Plans.Teacher, StageStatus.Running);
        _lab.Tell(Plans.Teacher, 1, Started(1));

        if (properly)
        {
            _lab.Log.End(plan);
        }

        _lab.Log.Dispose();

        _lab.Rows("select status from stages where kind in ('dataset', 'teacher')").Select(row => row[0])
            .Should().Equal("completed", "interrupted");
        _lab.Scalar("select status from attempts").Should().Be("interrupted");
    }

    [Fact]
    public void The_attempt_of_a_killed_worker_ends_with_its_stage()
    {
        _lab.Begin(Plans.Of());
        _lab.Tell(Plans.Teacher, 1, Started(1), Loss(1, 1));

        _lab.Log.Status(Plans.Teacher, StageStatus.Failed, "killed by signal 9");

        _lab.Scalar("select status from attempts").Should().Be("failed");
        _lab.Rows("select status, reason from stages where kind = 'teacher'").Single().Should().Equal("failed", "killed by signal 9");
    }

    [Fact]
    public void A_status_of_a_stage_without_a_plan_is_a_bug()
    {
        var act = () => _lab.Log.Status("elsewhere", StageStatus.Running);

        act.Should().Throw<InvalidOperationException>();
    }
}
