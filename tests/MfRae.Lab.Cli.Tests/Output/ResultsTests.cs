using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Cli.Tests.Output;

public sealed class ResultsTests
{
    [Fact]
    public void An_arm_is_summarised_over_its_seeds_for_each_number_of_steps()
    {
        var results = Results.Of(Record([("a", 0, 10, "r"), ("a", 1, 12, "r"), ("b", 0, 20, "r"), ("b", 1, 20, "r")]));

        results.Metrics.Should().Equal("fid");
        var row = results.Rows.Should().ContainSingle(row => row.Name == "a").Subject;
        row.Steps.Should().Be(1);
        row.Values["fid"].Should().Be(Summary.Of([10, 12]));
        results.Conflict.Should().BeNull();
    }

    [Fact]
    public void A_seed_without_a_value_is_counted_as_lost_in_the_table()
    {
        var text = ResultsText.Write(Results.Of(Record([("a", 0, 10, "r"), ("a", 1, null, "r"), ("b", 0, 20, "r"), ("b", 1, 20, "r")])));

        text.Should().MatchRegex(@"a \(baseline\) +1 +1 of 2 +10\.00").And.MatchRegex(@"b +1 +2 +20\.00 ± 0\.00");
    }

    [Fact]
    public void The_header_explains_the_plus_minus_if_there_is_one()
    {
        ResultsText.Write(Results.Of(Record([("a", 0, 10, "r"), ("a", 1, 12, "r"), ("b", 0, 20, "r"), ("b", 1, 20, "r")])))
            .Should().StartWith("mean ± sd over seeds").And.Contain("11.00 ± 1.41");
        ResultsText.Write(Results.Of(Record([("a", 0, 10, "r"), ("b", 0, 20, "r")]))).Should().NotContain("±").And.StartWith("arm ");
    }

    [Fact]
    public void Diverged_seeds_are_counted_in_the_table_and_in_the_verdict()
    {
        var record = Record([("a", 0, 10, "r"), ("b", 0, null, "r")]);
        record = record with { Runs = [.. record.Runs.Select(run => run.Arm == "b" ? run with { Status = "diverged" } : run)] };

        ResultsText.Write(Results.Of(record)).Should().MatchRegex(@"b +1 +0 of 1, 1 diverged").And.Contain("b: diverged: the only seed of b diverged");
    }

    [Fact]
    public void Values_against_different_references_are_a_conflict()
    {
        var results = Results.Of(Record([("a", 0, 10, "one"), ("b", 0, 20, "other")]));

        results.Conflict.Should().Contain("fid@1").And.Contain("reference");
    }

    [Fact]
    public void Seeds_of_one_arm_on_different_devices_have_no_mean()
    {
        var record = Record([("a", 0, 10, "r"), ("a", 1, 20, "r"), ("b", 0, 20, "r"), ("b", 1, 20, "r")]);
        var mixed = record with
        {
            Stages = [.. record.Stages.Select(stage => stage with
            {
                Measurements = [.. stage.Measurements.Select(value => value with { Device = stage.Key == "a1" ? "cuda" : "cpu" })],
            })],
        };

        var results = Results.Of(mixed);

        results.Rows.Single(row => row.Name == "a").Values.Should().BeEmpty();
        results.Rows.Single(row => row.Name == "b").Values["fid"].Should().Be(Summary.Of([20, 20]));
        results.Conflict.Should().Be("fid@1: not comparable: device differs: cpu and cuda");
    }

    [Fact]
    public void Teachers_of_several_seeds_on_different_devices_have_no_mean()
    {
        var record = Record([("a", 0, 10, "r"), ("a", 1, 20, "r")]);
        var teachers = record with
        {
            Runs = [.. record.Runs.Select(run => run with
            {
                Stages = new Dictionary<string, string>(run.Stages) { ["teacherEvaluation"] = $"teacher{run.Seed}" },
            })],
            Stages =
            [
                .. record.Stages, Stage("teacher0", Fid(5, 50, "r") with { Device = "cpu" }), Stage("teacher1", Fid(7, 50, "r") with { Device = "cuda" }),
            ],
        };

        Results.Of(teachers).Rows.Single(row => row.Name == "teacher").Values.Should().BeEmpty();
    }

    [Fact]
    public void The_teacher_is_listed_below_the_arms()
    {
        var results = Results.Of(Record([("a", 0, 10, "r"), ("b", 0, 20, "r")]));

        results.Rows.Select(row => row.Name).Should().Equal("a", "b", "teacher");
        results.Rows[^1].Steps.Should().Be(50);
    }

    [Fact]
    public void Arms_without_measurements_are_in_the_table()
    {
        var record = Record([("a", 0, 10, "r"), ("b", 0, 20, "r")]);
        var empty =
            record with { Stages = [.. record.Stages.Select(stage => stage.Key == "teacher" ? stage : stage with { Measurements = [] })] };

        ResultsText.Write(Results.Of(empty)).Should().MatchRegex(@"a \(baseline\) +– +0 of 1").And.MatchRegex(@"b +– +0 of 1");
    }

    [Theory]
    [InlineData(1234.5, "1234")]
    [InlineData(45.234, "45.23")]
    [InlineData(0.81234, "0.8123")]
    [InlineData(1.44227e-8, "1.442E-8")]
    [InlineData(0, "0.000")]
    public void A_value_has_four_significant_digits(double value, string text) =>
        ResultsText.Value(Summary.Of([value])).Should().Be(text);

    private static ExperimentRecord Record((string Arm, long Seed, double? Value, string Reference)[] runs) => new(
        "e", "e.json", "?", "!", "fid@1", "hash", [],
        [.. runs.Select(run => run.Arm).Distinct().Select(
            (arm, index) => new ArmRecord(arm, index == 0, new Dictionary<string, string>(), "{}"))],
        [.. runs.Select(run => run.Seed).Distinct()],
        [.. runs.Select(run => new RunRecord(Key(run), run.Arm, run.Seed, "completed", new Dictionary<string, string>
        {
            ["evaluation"] = Key(run),
            ["teacherEvaluation"] = "teacher",
        }))],
        [.. runs.Select(run => Stage(Key(run), Fid(run.Value, 1, run.Reference))), Stage("teacher", Fid(5, 50, "r"))]);

    private static string Key((string Arm, long Seed, double? Value, string Reference) run) => $"{run.Arm}{run.Seed}";

    private static Measurement Fid(double? value, int steps, string reference) =>
        new("fid", value, null, null, 100, steps, 1, "balanced", "e", "none", reference, false);

    private static StageRecord Stage(string key, Measurement measurement) =>
        new(key, "evaluation", key, "completed", null, null, "{}", new Dictionary<string, string>(), [], [measurement], [], []);
}
