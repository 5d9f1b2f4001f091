using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class CrossDifferencesTests
{
    private static readonly long[] Six = [0, 1, 2, 3, 4, 5];

    [Fact]
    public void Equal_seeds_are_pairs_and_the_second_is_judged_against_the_first()
    {
        var difference = Of(Record(Six, seed => 10 + seed), Record(Six, seed => 9 + seed)).Single();

        difference.Should().BeEquivalentTo(new { Arm = "a", Design = CrossDesign.Paired, Why = "", Difference = -1.0 });
        difference.Result.Effects.Should().HaveCount(6);
        difference.Result.Test!.PValue.Should().Be(2.0 / 64);
        difference.Verdict.Should().Be(Verdict.Better, "a lower FID is better, and every seed is lower by more than 3 %");
        Of(Record(Six, seed => 9 + seed), Record(Six, seed => 10 + seed)).Single().Verdict.Should().Be(Verdict.Worse);
    }

    [Fact]
    public void Few_pairs_are_underpowered_and_have_no_interval()
    {
        foreach (var seeds in new long[][] { [0], [0, 1], [0, 1, 2, 3, 4] })
        {
            var difference = Of(Record(seeds, seed => 10 + seed), Record(seeds, seed => 5 + 2 * seed)).Single();

            difference.Should().BeEquivalentTo(new { Design = CrossDesign.Paired, Verdict = Verdict.Underpowered });
            difference.Result.Interval.Should().BeNull();
            difference.Result.Effects.Should().HaveSameCount(seeds);
        }
    }

    [Fact]
    public void A_difference_inside_the_margin_is_equivalent() =>
        Of(Record(Six, seed => 10 + seed), Record(Six, seed => 9.99 + seed)).Single().Verdict.Should().Be(Verdict.Equivalent);

    [Fact]
    public void Without_a_smallest_relevant_effect_there_is_no_verdict() =>
        Of(Record(Six, seed => 10 + seed) with { SmallestRelevantEffect = null }, Record(Six, seed => 9 + seed) with { SmallestRelevantEffect = null })
            .Single().Verdict.Should().Be(Verdict.None);

    [Fact]
    public void Other_seeds_are_compared_by_their_means_with_the_reason()
    {
        var difference = Of(Record([0, 1], seed => 10 + seed), Record([0, 1, 2, 3, 5], seed => 20 + seed)).Single();

        difference.Should().BeEquivalentTo(new
        {
            Design = CrossDesign.Unpaired,
            Why = "not paired by seed: the first has seeds 0, 1, the second has seeds 0, 1, 2, 3, 5",
            Verdict = Verdict.Worse,
        });
        difference.Result.Effects.Should().BeEmpty();
        difference.Difference.Should().BeApproximately(11.7, 1e-12);
        Of(Record([0], seed => 1), Record(Six, seed => 1 + seed)).Single().Why.Should().Contain("the first has seed 0, the second has seeds 0–5;");
    }

    [Fact]
    public void One_value_each_of_different_seeds_is_not_tested()
    {
        var difference = Of(Record([0], _ => 10), Record([1], _ => 20)).Single();

        difference.Should().BeEquivalentTo(new { Design = CrossDesign.None, Difference = 10.0, Verdict = Verdict.Underpowered });
        difference.Result.Test.Should().BeNull();
        difference.Why.Should().EndWith("; too few values to estimate the spread");
    }

    [Fact]
    public void Values_without_spread_are_inconclusive_but_not_underpowered()
    {
        var difference = Of(Record([0, 1, 2], _ => 10), Record([3, 4], _ => 20)).Single();

        difference.Should().BeEquivalentTo(new { Design = CrossDesign.None, Difference = 10.0, Verdict = Verdict.Inconclusive });
        difference.Result.Test.Should().BeNull();
        difference.Why.Should().EndWith("; all values of an arm are equal, so the spread is unknown");
        Of(Record(Six, _ => 10), Record(Six, _ => 10)).Single()
            .Should().BeEquivalentTo(new { Design = CrossDesign.Paired, Verdict = Verdict.Equivalent });
        Of(Record(Six, _ => 10), Record(Six, _ => 8)).Single().Verdict.Should().Be(Verdict.Better);
    }

    [Fact]
    public void Values_of_zero_have_no_log_ratio_and_no_verdict() =>
        Of(Record(Six, _ => 0), Record(Six, seed => 1 + seed)).Single().Verdict.Should().Be(Verdict.None);

    [Fact]
    public void A_metric_without_a_direction_is_higher_or_lower() =>
        Of(Record(Six, seed => 10 + seed, direction: null), Record(Six, seed => 5 + seed, direction: null)).Single()
            .Verdict.Should().Be(Verdict.Lower);

    [Fact]
    public void The_same_stages_with_the_same_values_are_the_same_and_with_others_are_not()
    {
        var one = Record(Six, seed => 10 + seed, stages: "shared");

        Of(one, one).Single().Should().BeEquivalentTo(new { Design = CrossDesign.Same, Difference = 0.0, Verdict = (Verdict?)null });
        Of(one, Record(Six, seed => 11 + seed, stages: "shared")).Single().Design.Should().Be(CrossDesign.Paired);
        Of(one, Record(Six, seed => 10 + seed, stages: "other")).Single().Design.Should().Be(CrossDesign.Paired);
    }

    [Fact]
    public void A_seed_without_a_value_gives_no_pair_and_an_arm_without_values_names_the_experiment()
    {
        Of(Record(Six, seed => seed == 2 ? null : seed), Record(Six, seed => seed + 1)).Single().Result.Effects.Select(pair => pair.Seed).Should().Equal(0, 1, 3, 4, 5);
        var missing = Of(Record(Six, seed => seed), Record(Six, _ => null)).Single();
        missing.Should().BeEquivalentTo(new { Design = CrossDesign.None, Why = "no seed has a value in the second", Verdict = Verdict.Missing });
    }

    [Fact]
    public void Two_runs_of_one_seed_are_tolerated()
    {
        var one = Record(Six, seed => 10 + seed, stages: "shared");
        var doubled = one with { Runs = [.. one.Runs, one.Runs[0] with { Id = "again" }] };

        Of(doubled, one).Single().Design.Should().Be(CrossDesign.Same);
    }

    [Fact]
    public void The_family_has_the_arms_that_both_have_and_that_are_tested()
    {
        var (one, other) = (Record(Six, seed => 10 + seed, arms: ["a", "b", "mine"]), Record(Six, seed => 8 + seed, arms: ["a", "b", "theirs"]));

        var differences = Of(one, other);

        differences.Select(difference => difference.Arm).Should().Equal("a", "b");
        differences.Should().OnlyContain(difference => difference.Result.Family == 2 && difference.Result.Test!.PValue == 2.0 / 64);
        differences.Should().OnlyContain(difference => difference.Verdict == Verdict.Better, "six seeds are enough for two arms");
    }

    private static IReadOnlyList<CrossDifference> Of(ExperimentRecord one, ExperimentRecord other) =>
        CrossDifferences.Of(CrossComparison.Of(one, other).Single(), one, other);

    private static ExperimentRecord Record(long[] seeds, Func<long, double?> value, string? stages = null, string[]? arms = null, bool? direction = false)
    {
        arms ??= ["a"];
        stages ??= Guid.NewGuid().ToString();
        string Key(string arm, long seed) => $"{stages} {arm} {seed}";
        return new(
            "x", "x.json", "", "", "fid@1", "", [],
            [.. arms.Select((arm, i) => new ArmRecord(arm, i == 0, new Dictionary<string, string>(), "{}"))],
            seeds,
            [.. arms.SelectMany(arm => seeds.Select(seed => new RunRecord(
                Key(arm, seed), arm, seed, "completed", new Dictionary<string, string> { ["evaluation"] = Key(arm, seed) })))],
            [.. arms.SelectMany(arm => seeds.Select(seed => new StageRecord(
                Key(arm, seed), "evaluation", Key(arm, seed), "completed", null, seed, "{}", new Dictionary<string, string>(), [],
                [new("fid", value(seed), null, null, 10, 1, 1, "balanced", "e", "p", "r", direction)], [], [])))],
            SmallestRelevantEffect: 0.03);
    }
}
