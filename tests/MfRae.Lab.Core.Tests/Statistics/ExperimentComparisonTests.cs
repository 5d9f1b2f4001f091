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

    [Fact]
    public void The_value_of_a_run_with_several_noise_sets_is_the_mean_over_the_sets()
    {
        var value = RunMeasurement.Of(Sets, Stages(10, 13, noise: "run"))["fid@1"];

        (value.Measurement.Value, value.Measurement.Low, value.Measurement.Setting).Should().Be((11.5, null, "batch=250 noiseSets=2"));
        value.Sets.Select(set => set.Value).Should().Equal(10, 13);
        value.Stage.Should().Be("one");
    }

    [Fact]
    public void A_run_has_no_value_before_all_its_noise_sets_are_measured() =>
        RunMeasurement.Of(Sets, Stages(10, null, noise: "run")).Should().BeEmpty();

    [Fact]
    public void A_value_without_noise_is_the_same_in_all_sets()
    {
        var value = RunMeasurement.Of(Sets, Stages(10, 10, noise: ""))["fid@1"].Measurement;

        (value.Value, value.Low, value.Setting).Should().Be((10, 9, "batch=250"));
    }

    private static RunRecord Sets { get; } = new(
        "r", "a", 0, "completed", new Dictionary<string, string> { ["evaluation"] = "one", ["evaluation.2"] = "two" });

    private static Dictionary<string, StageRecord> Stages(double one, double? two, string noise)
    {
        StageRecord Stage(string key, double? value) => new(
            key, "evaluation", key, "completed", null, null, "{}", new Dictionary<string, string>(), [],
            value is null ? [] : [new("fid", value, value - 1, value + 1, 10, 1, 1, "balanced", "e", "p", "r", false, "cpu", noise, "batch=250")],
            [], []);
        return new[] { Stage("one", one), Stage("two", two) }.ToDictionary(stage => stage.Key);
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
