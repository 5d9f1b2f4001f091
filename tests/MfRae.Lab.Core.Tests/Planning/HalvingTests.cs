using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class HalvingTests : IDisposable
{
    private static readonly long[] Pilots = [100, 101, 102];
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void After_a_rung_the_better_half_continues_and_the_baseline_always_does()
    {
        // The baseline is the worst arm.
        var state = Decide(new([1], 0.5), [9, 4, 2, 3, 1]);

        state.Decided.Should().Be(1);
        state.Stopped.Keys.Should().BeEquivalentTo("b", "d");
        state.Stopped["b"].Should().Be(new StoppedArm(0, 1, 4, 4, 4, 2));
        state.Stopped["b"].Reason("fid@1").Should().Be("stopped after rung 1: place 4 of 4 by fid@1 (4 on 1 pilot seed); 2 continue");
    }

    [Fact]
    public void A_higher_value_is_better_for_a_metric_that_says_so() =>
        Decide(new([1], 0.5), [9, 4, 2, 3, 1], higher: true).Stopped.Keys.Should().BeEquivalentTo("c", "e");

    [Fact]
    public void A_rung_waits_for_all_pilot_runs_of_the_arms_that_are_left()
    {
        var state = new Halving([1, 3]).Decide(Arms(5), Pilots, false, (arm, seed) => seed == 102 ? null : new PilotResult(arm[0]));

        state.Decided.Should().Be(1);
        state.Stopped.Keys.Should().BeEquivalentTo("d", "e");
        new Halving([1]).Decide(Arms(5), Pilots, false, (arm, _) => arm == "e" ? null : new PilotResult(1)).Decided.Should().Be(0);
    }

    [Fact]
    public void A_later_rung_compares_the_arms_that_are_left_by_the_mean_over_its_seeds()
    {
        // b is best on the first seed alone, c over all three.
        double[][] values = [[0, 0, 0], [1, 9, 9], [2, 2, 2], [3, 3, 3], [4, 0, 0]];

        var state = new Halving([1, 3]).Decide(Arms(5), Pilots, false, (arm, seed) => new PilotResult(values[arm[0] - 'a'][seed - 100]));

        state.Stopped.Keys.Should().BeEquivalentTo("d", "e", "b");
        state.Stopped["b"].Should().Be(new StoppedArm(1, 3, 19.0 / 3, 2, 2, 1));
    }

    [Fact]
    public void An_arm_with_a_diverged_seed_is_the_worst_and_a_tie_keeps_the_order_of_the_file()
    {
        var state = new Halving([2], 0.5).Decide(
            Arms(5), Pilots, false, (arm, seed) => new PilotResult(arm == "b" && seed == 101 ? null : arm == "b" ? 0 : 1));

        state.Stopped.Keys.Should().BeEquivalentTo("b", "e");
        state.Stopped["b"].Reason("fid@1").Should().Contain("place 4 of 4 by fid@1 (no value on 2 pilot seeds)");
    }

    [Theory]
    [InlineData(3, 0.5, 1)]
    [InlineData(6, 0.5, 3)]
    [InlineData(6, 0.3, 2)]
    [InlineData(3, 0.1, 1)]
    public void The_number_of_arms_that_continue_is_rounded_up(int arms, double keep, int kept) =>
        Decide(new([1], keep), [0, .. Enumerable.Range(1, arms - 1).Select(value => (double)value)]).Stopped.Should().HaveCount(arms - 1 - kept);

    [Fact]
    public void A_confirming_run_waits_for_all_rungs_and_a_pilot_run_for_the_rungs_before_it()
    {
        PlannedRun Run(long seed, bool pilot) => new("r", "a", seed, new Dictionary<string, string>(), pilot);
        var halving = new Halving([1, 2]);

        new[] { Run(100, true), Run(101, true), Run(102, true), Run(0, false) }.Select(run => halving.RungsBefore(run, Pilots)).Should().Equal(0, 1, 2, 2);
    }

    [Fact]
    public void A_declared_halving_is_read_and_changes_no_key()
    {
        const string Arms = """
            "axes": { "meanflow.lambda": [0, 0.5, 1] }, "baseline": { "meanflow.lambda": 0 }, "pilotSeeds": [100, 101]
            """;

        _work.Valid(Arms + """, "halving": { "rungs": [1, 2], "keep": 0.4 }""").Halving.Should().BeEquivalentTo(new Halving([1, 2], 0.4));
        _work.Plan(Arms + """, "halving": { "rungs": [1] }""").Hash.Should().Be(_work.Plan(Arms).Hash);
        PlanText.Describe(_work.Plan(Arms + """, "halving": { "rungs": [1, 2] }"""), _ => false)
            .Should().Contain("halving: after 1 and 2 pilot seeds, 50 % of the arms continue, and the others stop");
    }

    [Theory]
    [InlineData("""{ "rungs": [3] }""", "$.halving.rungs", "`pilotSeeds` has 2")]
    [InlineData("""{ "rungs": [2, 1] }""", "$.halving.rungs", "not strictly ascending")]
    [InlineData("""{ "rungs": [0.5] }""", "$.halving.rungs", "numbers of pilot seeds")]
    [InlineData("""{ "keep": 0.5 }""", "$.halving", "numbers of pilot seeds")]
    [InlineData("""{ "rungs": [1], "keep": 1 }""", "$.halving.keep", "a share of the arms")]
    [InlineData("""{ "rungs": [1], "share": 0.5 }""", "$.halving.share", "unknown option `share`")]
    [InlineData("0.5", "$.halving", "expected an object")]
    public void Invalid_halvings_are_rejected(string halving, string path, string message)
    {
        var found = _work.Mistake($$"""
            "axes": { "meanflow.lambda": [0, 0.5, 1] }, "baseline": { "meanflow.lambda": 0 }, "pilotSeeds": [100, 101], "halving": {{halving}}
            """);

        found.Path.Should().Be(path);
        found.Message.Should().Contain(message);
    }

    private static HalvingState Decide(Halving halving, double[] values, bool higher = false) =>
        halving.Decide(Arms(values.Length), Pilots, higher, (arm, _) => new PilotResult(values[arm[0] - 'a']));

    // a is the baseline.
    private static List<Arm> Arms(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Arm($"{(char)('a' + i)}", null!, new Dictionary<string, System.Text.Json.Nodes.JsonNode?>(), i == 0))];
}
