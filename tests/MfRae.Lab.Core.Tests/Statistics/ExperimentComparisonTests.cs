using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class ExperimentComparisonTests
{
    [Fact]
    public void The_best_arm_has_the_best_mean_and_the_baseline_may_be_it()
    {
        ExperimentComparison.Of(Record(10, 9)).Best.Should().Be("b");
        ExperimentComparison.Of(Record(9, 10)).Best.Should().Be("a");
    }

    [Fact]
    public void Runs_are_compared_by_their_own_evaluation_and_not_the_teachers()
    {
        var comparison = ExperimentComparison.Of(Record(10, 9));

        comparison.Baseline.Should().Be("a");
        comparison.Arms.Select(arm => arm.Summary.Mean).Should().Equal(10, 9);
        comparison.Comparisons.Single().Arm.Should().Be("b");
        comparison.Conflict.Should().BeNull();
    }

    [Fact]
    public void Another_reference_is_a_conflict_and_no_arm_is_best()
    {
        var comparison = ExperimentComparison.Of(Record(10, 9, reference: "other"));

        comparison.Conflict!.ToString().Should().Be("not comparable: reference differs");
        comparison.Best.Should().BeNull();
    }

    [Fact]
    public void A_run_without_a_measurement_counts_as_planned_and_lost()
    {
        var comparison = ExperimentComparison.Of(Record(10, null));

        comparison.Arms[1].Lost.Should().Be(1);
        comparison.Best.Should().Be("a");
    }

    [Theory]
    [InlineData("diverged", Verdict.Diverged)]
    [InlineData("failed", Verdict.Missing)]
    public void A_diverged_run_is_distinguished_from_a_failed_run(string status, Verdict verdict)
    {
        var record = Record(10, null);
        record = record with { Runs = [.. record.Runs.Select(run => run.Arm == "b" ? run with { Status = status } : run)] };

        ExperimentComparison.Of(record).Comparisons.Single().Verdict.Should().Be(verdict);
        CrossComparison.Of(record, record).Should().ContainSingle();
        CrossDifferences.Of(CrossComparison.Of(record, record)[0], record, record).Single(difference => difference.Arm == "b")
            .Verdict.Should().Be(verdict);
    }

    [Fact]
    public void A_diverged_run_with_a_value_of_a_shared_stage_is_not_lost_to_that_metric()
    {
        var record = Record(10, 9);
        record = record with { Runs = [.. record.Runs.Select(run => run with { Status = "diverged" })] };

        ExperimentComparison.Of(record).Arms.Should().OnlyContain(arm => arm.Diverged == 0);
    }

    [Fact]
    public void Pilot_seeds_are_kept_apart_from_means_and_tests()
    {
        var record = Record(10, 9);
        record = record with { Runs = [.. record.Runs.Select(run => run with { Pilot = run.Arm == "b" })] };

        var arm = ExperimentComparison.Of(record).Arms[1];

        arm.Planned.Should().Be(0);
        arm.Measured.Should().BeEmpty();
        arm.Pilots.Single().Measurement.Value.Should().Be(9);
        ExperimentComparison.Of(record).Comparisons.Single().Effects.Should().BeEmpty();
        record.PilotSeeds().Should().Equal(0);
    }

    [Fact]
    public void Declared_contrasts_carry_the_verdicts_instead_of_the_comparisons_with_the_baseline()
    {
        var record = Record(10, 9) with
        {
            SmallestRelevantEffect = 0.03,
            Contrasts = [new("gain", new Dictionary<string, double> { ["a"] = 1, ["b"] = -1 }, Title: "Gain", SmallestRelevantEffect: 0.1)],
        };

        var comparison = ExperimentComparison.Of(record);

        comparison.Decisions.Single().Should().BeEquivalentTo(new { Name = "Gain", Margin = 0.1, Verdict = Verdict.Underpowered });
        comparison.Comparisons.Single().Reason.Should().Be("the experiment declares other contrasts");
        ExperimentComparison.Of(record with { Contrasts = null }).Decisions.Single().Margin.Should().Be(0.03);
    }

    private static ExperimentRecord Record(double a, double? b, string reference = "r")
    {
        ArmRecord Arm(string name, bool baseline) => new(name, baseline, new Dictionary<string, string>(), "{}");
        StageRecord Stage(string key, double? value, string against) => new(
            key, "evaluation", key, "completed", null, null, "{}", new Dictionary<string, string>(), [],
            [new("fid", value, null, null, 10, 1, 1, "balanced", "e", "p", against, false)], [], []);
        RunRecord Run(string arm) =>
            new(arm, arm, 0, "completed", new Dictionary<string, string> { ["teacherEvaluation"] = "t", ["evaluation"] = arm });

        return new("x", "x.json", "", "", "fid@1", "", [], [Arm("a", true), Arm("b", false)], [0], [Run("a"), Run("b")],
            [Stage("t", 1, "r"), Stage("a", a, "r"), Stage("b", b, reference)]);
    }
}
