using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Database.Tests.Support;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

public sealed class QueryTests : IDisposable
{
    private readonly Support.Lab _lab = new();

    public QueryTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_query_answers_with_columns_and_typed_rows()
    {
        var result = _lab.Queries.Query("select 1 as i, 2.5 as x, 'text' as t, null as n, x'0102' as b;  -- that is all");

        result.Columns.Should().Equal("i", "x", "t", "n", "b");
        result.Rows.Single().Should().BeEquivalentTo(new object?[] { 1L, 2.5, "text", null, new byte[] { 1, 2 } });
        result.Truncated.Should().BeFalse();
    }

    [Theory]
    [InlineData(3, 3, true)]
    [InlineData(4, 4, false)]
    [InlineData(5, 4, false)]
    public void Rows_beyond_the_limit_are_cut_and_reported(int limit, int rows, bool truncated)
    {
        var result = _lab.Queries.Query("select run from runs", limit);

        result.Rows.Should().HaveCount(rows);
        result.Truncated.Should().Be(truncated);
    }

    [Theory]
    [InlineData("select missing from runs", "SQLite: no such column: missing")]
    [InlineData("select * from arrms", "SQLite: no such table: arrms; the views are arm_costs, arm_levels, arms, *, machine, *, options, *, runs, stages, tags, *")]
    [InlineData("selct 1", "SQLite: near \"selct\": syntax error")]
    [InlineData("select json('{')", "SQLite: malformed JSON")]
    [InlineData("select 1; select 2", "*more than one statement*")]
    [InlineData("", "*empty*")]
    [InlineData("-- nothing", "*empty*")]
    [InlineData("delete from run", "*not read-only*")]
    [InlineData("insert into status values ('x', 9) returning name", "*not read-only*")]
    [InlineData("attach 'other.db' as other", "*not read-only*")]
    [InlineData("begin", "*not read-only*")]
    public void An_invalid_query_is_explained(string sql, string message)
    {
        var act = () => _lab.Queries.Query(sql);

        act.Should().Throw<LabException>().WithMessage(message);
    }

    [Fact]
    public void Switching_the_protection_off_does_not_help()
    {
        _lab.Queries.Query("pragma query_only");

        var act = () => _lab.Queries.Query("pragma user_version = 10");

        act.Should().Throw<LabException>();
        _lab.Scalar("pragma user_version").Should().Be(22L);
    }

    [Fact]
    public void Runs_are_listed_by_filter()
    {
        _lab.Begin(Plans.Of("other", arms: ["a"]));

        _lab.Queries.Runs().Should().HaveCount(6);
        _lab.Queries.Runs(new RunFilter(Experiment: "ablation")).Select(run => (run.Arm, run.Seed))
            .Should().Equal(("b", 0), ("b", 1), ("a", 0), ("a", 1));
        _lab.Queries.Runs(new RunFilter(Arm: "a", Seed: 1)).Select(run => run.Experiment).Should().Equal("ablation", "other");
        _lab.Queries.Runs(new RunFilter(Status: "failed")).Should().BeEmpty();
    }

    [Fact]
    public void A_started_run_has_its_start_time()
    {
        _lab.Tell(Plans.Training("a", 1), 1, Started(1), Finished(wall: 3));

        var run = _lab.Queries.Runs(new RunFilter(Arm: "a", Seed: 1)).Single();

        run.Should().BeEquivalentTo(
            new { Started = Epoch.AddDays(1), WallSeconds = 3.0, Stages = 5, Completed = 0, Status = "planned", Baseline = false });
        _lab.Queries.Runs(new RunFilter(Arm: "a", Seed: 0)).Single().Started.Should().BeNull();
    }

    [Fact]
    public void A_run_is_shown_by_a_unique_prefix_of_its_id()
    {
        _lab.Tell(Plans.Evaluation("a", 1), 1, Started(1), Measured("fid", 3), Finished());
        var id = Plans.Run("a", 1);

        var detail = _lab.Queries.Show(id[..^1] + "1");

        detail.Run.Id.Should().Be(id);
        detail.Stages.Select(stage => stage.Role).Should().Equal("dataset", "teacher", "teacherEvaluation", "meanflow", "evaluation");
        detail.Stages[^1].Stage.Measurements.Single().Value.Should().Be(3);
    }

    [Fact]
    public void An_ambiguous_prefix_lists_its_candidates()
    {
        var act = () => _lab.Queries.Show("0001");

        act.Should().Throw<LabException>().WithMessage(
            "4 run ids start with \"0001\": *(ablation, b, seed 0)*(ablation, a, seed 1). Give more digits.");
    }

    [Theory]
    [InlineData("ffff")]
    [InlineData("")]
    [InlineData("%")]
    public void An_unknown_prefix_says_so(string prefix)
    {
        var act = () => _lab.Queries.Show(prefix);

        act.Should().Throw<LabException>().WithMessage($"no run id starts with \"{prefix}\"*");
    }

    [Fact]
    public void A_run_shared_by_two_experiments_is_one_run()
    {
        _lab.Begin(Plans.Of("later", arms: ["a"]));

        var detail = _lab.Queries.Show(Plans.Run("a", 0));

        detail.Run.Experiment.Should().Be("later");
        detail.Stages[0].Stage.Label.Should().Be("dataset of later");
    }

    [Fact]
    public void The_outline_of_an_experiment_gives_its_best_arm()
    {
        _lab.Tell(Plans.Evaluation("b", 0), 1, Started(1), Measured("fid", 10), Measured("is", 9, higher: true));
        _lab.Tell(Plans.Evaluation("a", 0), 1, Started(1), Measured("fid", 4));
        _lab.Tell(Plans.Evaluation("a", 1), 1, Started(1), Measured("fid", 6));
        _lab.Log.Status(Plans.Training("b", 1), StageStatus.Failed);

        var outline = _lab.Queries.Outline(_lab.Queries.Names().Single())!;

        outline.Should().BeEquivalentTo(new { Name = "ablation", Question = "Which is better?", PrimaryMetric = "fid@1" });
        outline.Arms.Should().HaveCount(2);
        outline.Seeds.Should().HaveCount(2);
        outline.Runs.CountBy(run => run.Status).Should().BeEquivalentTo(new Dictionary<string, int> { ["failed"] = 1, ["planned"] = 3 });
        var comparison = ExperimentComparison.Of(outline);
        comparison.Best.Should().Be("a");
        comparison.Arms.Single(arm => arm.Arm == "a").Summary.Mean.Should().Be(5);
    }

    [Fact]
    public void No_arm_is_best_if_the_values_may_not_be_compared()
    {
        _lab.Tell(Plans.Evaluation("b", 0), 1, Started(1), Measured("fid", 10, samples: 100));
        _lab.Tell(Plans.Evaluation("a", 0), 1, Started(1), Measured("fid", 4, samples: 200));

        ExperimentComparison.Of(_lab.Queries.Outline("ablation")!).Best.Should().BeNull();
    }
}
