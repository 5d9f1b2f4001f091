using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class ComparisonTests
{
    private static readonly double[] Noise = [0, 0.1, 0.05, -0.05, 0.02, -0.1, 0.07, -0.02];

    [Fact]
    public void Two_seeds_are_underpowered_but_show_direction_agreement_and_band()
    {
        var comparison = Compare(Arm("base", 10, 20), Arm("mfd", 9.59, 19.08)).Single();

        comparison.Verdict.Should().Be(Verdict.Underpowered);
        ComparisonText.Sentence(comparison).Should().Be("underpowered: both seeds lower (4.1–4.6 %); the mean, 4.4 %, exceeds the 1.3 % noise band");
        ComparisonText.Effect(comparison).Should().Be("mean −4.4 %, n 2", "two values give no interval");
        ComparisonText.PowerOf([comparison]).Should().Be(
            "With 2 seeds and 1 comparison no difference can be significant (smallest possible p = 0.5). Run 6 seeds.");
    }

    [Fact]
    public void Six_seeds_that_agree_beyond_the_band_decide_one_comparison()
    {
        var comparison = Compare(Arm("base", Around(12, 6)), Arm("mfd", Around(10, 6))).Single();

        comparison.Verdict.Should().Be(Verdict.Better);
        comparison.PValue.Should().Be(2 / 64d);
        comparison.MeanDifference.Should().BeApproximately(-2, 1e-12);
        comparison.Interval!.Value.Low.Should().BeApproximately(-2, 1e-12);
        ComparisonText.Sentence(comparison)
            .Should().StartWith("better: all 6 seeds lower (").And.EndWith("; the mean, 16.7 %, exceeds the 1.3 % noise band, p = 0.0313");
        ComparisonText.Effect(comparison).Should().Be("mean −16.7 %, 95 % interval −16.7 to −16.7 %, n 6");
    }

    [Fact]
    public void The_same_six_seeds_cannot_decide_four_comparisons()
    {
        var comparisons = Compare(
            Arm("base", Around(12, 6)), Arm("a", Around(10, 6)), Arm("b", Around(9, 6)), Arm("c", Around(8, 6)), Arm("d", Around(7, 6)));

        comparisons.Should().OnlyContain(comparison => comparison.Verdict == Verdict.Underpowered);
        comparisons[0].SmallestPValue.Should().Be(4 * 2 / 64d);
    }

    [Fact]
    public void A_difference_inside_the_band_is_inconclusive_however_small_its_p()
    {
        var comparison = Compare(Arm("base", Around(10, 8)), Arm("mfd", Around(9.9, 8))).Single();

        comparison.AdjustedPValue.Should().BeLessThan(0.05);
        comparison.Verdict.Should().Be(Verdict.Inconclusive);
        ComparisonText.Sentence(comparison).Should().Contain("is within the 1.3 % noise band");
    }

    [Fact]
    public void Seeds_that_disagree_are_inconclusive()
    {
        var comparison = Compare(Arm("base", 10, 10, 10, 10, 10, 10), Arm("mfd", 12, 8, 12, 8, 12, 9)).Single();

        comparison.Verdict.Should().Be(Verdict.Inconclusive);
        ComparisonText.Sentence(comparison).Should().Contain("3 of 6 seeds higher (−20.0 to +20.0 %); the mean, +1.7 %, exceeds the 1.3 % noise band");
    }

    [Fact]
    public void Where_higher_is_better_a_lower_arm_is_worse()
    {
        var comparison = Compare(
            Arm("base", Around(0.8, 6, 0.01), metric: "accuracy", higherIsBetter: true),
            Arm("mfd", Around(0.7, 6, 0.01), metric: "accuracy", higherIsBetter: true)).Single();

        comparison.Verdict.Should().Be(Verdict.Worse);
        comparison.Band.Should().BeNull();
    }

    [Fact]
    public void Only_seeds_that_both_arms_finished_are_paired()
    {
        var arm = Arm("mfd", 9, 8) with { Planned = 3 };

        var comparison = Compare(Arm("base", 10, 11, 12), arm).Single();

        comparison.Pairs.Select(pair => pair.Seed).Should().Equal(0, 1);
        arm.Lost.Should().Be(1);
        ComparisonText.Effect(comparison).Should().EndWith(", n 2 of 3");
    }

    [Fact]
    public void Where_the_baseline_is_zero_the_effect_is_the_difference_itself() =>
        ComparisonText.Effect(Compare(Arm("base", 0, 0, 0, 0, 0, 0), Arm("mfd", 1, 2, 1, 2, 1, 2)).Single())
            .Should().Be("mean +1.5, 95 % interval +1 to +2, n 6");

    [Fact]
    public void Large_and_small_multiples_of_the_baseline_are_shown_as_factors()
    {
        var comparisons = Compare(
            Arm("base", 1, 2, 1, 2, 1, 2), Arm("up", 9, 16, 8, 18, 9, 16), Arm("down", 1e-5, 3e-5, 1e-5, 2e-5, 1e-5, 2e-5));

        ComparisonText.Sentence(comparisons[0]).Should().Contain("all 6 seeds higher (8–9 times the baseline); the mean, 8.44 times the baseline, exceeds the 1.3 % noise band");
        ComparisonText.Effect(comparisons[0]).Should().Be("mean 8.44 times the baseline, 95 % interval 6 to 11, n 6");
        ComparisonText.Sentence(comparisons[1]).Should().Contain("all 6 seeds lower (1e−5–1.5e−5 times the baseline)");
    }

    [Fact]
    public void Factors_need_a_baseline_and_values_above_zero() =>
        ComparisonText.Sentence(Compare(Arm("base", 1, -1), Arm("a", 9, -9)).Single()).Should().Contain("(−800 to +800 %)");

    [Fact]
    public void The_effect_of_one_pair_is_in_the_sentence() =>
        ComparisonText.Effect(Compare(Arm("base", 10), Arm("mfd", 9)).Single()).Should().BeEmpty();

    [Fact]
    public void Without_pairs_there_is_no_effect() =>
        ComparisonText.Effect(Compare(Arm("base", 10), new ArmSample("mfd", [], 1)).Single()).Should().BeEmpty();

    [Fact]
    public void A_value_that_is_not_finite_is_lost_and_not_averaged()
    {
        var diverged = new ArmSample("mfd", [Measured(0, 9), Measured(1, null)], 2);

        diverged.Summary.Mean.Should().Be(9);
        diverged.Lost.Should().Be(1);
        Compare(Arm("base", 10, 10), diverged).Single().Pairs.Should().HaveCount(1);
    }

    [Fact]
    public void An_arm_whose_seeds_all_diverged_is_diverged_and_not_without_data()
    {
        var comparison = Compare(Arm("base", 10, 10), new ArmSample("mfd", [], 2, 2)).Single();

        comparison.Verdict.Should().Be(Verdict.Diverged);
        ComparisonText.Sentence(comparison).Should().Be("diverged: both seeds diverged");
    }

    [Fact]
    public void Diverged_seeds_decide_the_verdict_of_their_arm()
    {
        var survivors = Arm("mfd", Around(10, 7));

        var comparison = Compare(Arm("base", Around(12, 8)), survivors with { Planned = 8, Diverged = 1 }).Single();

        comparison.Verdict.Should().Be(Verdict.Diverged);
        comparison.AdjustedPValue.Should().BeLessThan(0.05, "the survivors alone would have decided");
        ComparisonText.Sentence(comparison).Should().StartWith(
            "diverged: 1 of 8 seeds diverged; the remaining seeds give no verdict: all 7 seeds lower (");
    }

    [Fact]
    public void A_baseline_that_diverged_is_named_in_every_comparison()
    {
        var comparisons = Compare(new ArmSample("base", [], 2, 2), Arm("a", 1, 2), Arm("b", 1, 2));

        comparisons.Should().OnlyContain(comparison => comparison.Verdict == Verdict.Diverged);
        ComparisonText.Sentence(comparisons[0]).Should().Be("diverged: both seeds of the baseline diverged");
        var partly = Compare(Arm("base", 10) with { Planned = 2, Diverged = 1 }, Arm("a", 9, 8)).Single();
        partly.Verdict.Should().Be(Verdict.Underpowered);
        ComparisonText.Sentence(partly).Should().EndWith("; 1 of 2 seeds of the baseline diverged");
    }

    [Theory]
    [InlineData("reference")]
    [InlineData("extractor")]
    [InlineData("preprocessing")]
    [InlineData("samples")]
    [InlineData("guidance")]
    [InlineData("labels")]
    [InlineData("device")]
    [InlineData("noise")]
    [InlineData("setting")]
    public void Another_identity_is_reported_by_the_name_of_the_field(string field)
    {
        var other = Measured(0, 9).Measurement;
        other = field switch
        {
            "reference" => other with { Reference = "other" },
            "extractor" => other with { Extractor = "other" },
            "preprocessing" => other with { Preprocessing = "other" },
            "samples" => other with { Samples = 7 },
            "guidance" => other with { Guidance = 1.5 },
            "device" => other with { Device = "cpu+cuda" },
            "noise" => other with { Noise = "fixed:1" },
            "setting" => other with { Setting = "k=4" },
            _ => other with { Labels = "other" },
        };

        var comparison = Compare(Arm("base", 10), new ArmSample("mfd", [new(0, "s", other)], 1)).Single();

        comparison.Verdict.Should().Be(Verdict.NotComparable);
        comparison.Pairs.Should().BeEmpty();
        comparison.Conflict!.Field.Should().Be(field);
        ComparisonText.Sentence(comparison).Should().Be($"not comparable: {field} differs");
        new ArmSample("mfd", [Measured(1, 8), new(0, "s", other)], 2).Conflict!.Field.Should().Be(field, "they are not averaged either");
    }

    [Fact]
    public void An_arm_that_is_not_comparable_does_not_count_in_the_family()
    {
        var other = new ArmSample("x", [new(0, "s", Measured(0, 9).Measurement with { Reference = "other" })], 1);

        Compare(Arm("base", Around(12, 6)), Arm("a", Around(10, 6)), other)[0].Verdict.Should().Be(Verdict.Better);
    }

    [Fact]
    public void Seeds_that_share_the_measuring_stage_count_once()
    {
        var shared = new ArmSample("mfd", [Measured(0, 9) with { Stage = "s" }, Measured(1, 9) with { Stage = "s" }], 2);

        shared.Summary.Should().Be(new Summary(1, 9, null));
        shared.Lost.Should().Be(0);
        Compare(shared with { Arm = "base" }, shared).Single().Pairs.Should().HaveCount(1);
        Compare(Arm("base", 10, 11), shared).Single().Pairs.Should().HaveCount(2);
    }

    [Fact]
    public void Without_a_common_seed_there_is_no_data() =>
        Compare(Arm("base", 10), new ArmSample("mfd", [], 1)).Single().Verdict.Should().Be(Verdict.Missing);

    private static IReadOnlyList<ArmComparison> Compare(ArmSample baseline, params ArmSample[] arms) =>
        Comparison.Against(baseline, arms, "fid@1");

    private static double[] Around(double centre, int seeds, double scale = 1) =>
        [.. Noise.Take(seeds).Select(noise => centre + scale * noise)];

    private static ArmSample Arm(string name, params double[] values) => Arm(name, values, "fid", false);

    private static ArmSample Arm(string name, double[] values, string metric, bool higherIsBetter) => new(
        name,
        [.. values.Select((value, seed) => new SeedMeasurement(
            seed, $"{name}{seed}", Measured(seed, value).Measurement with { Metric = metric, HigherIsBetter = higherIsBetter }))],
        values.Length);

    private static SeedMeasurement Measured(long seed, double? value) =>
        new(seed, $"stage{seed}", new Measurement("fid", value, null, null, 10_000, 1, 1, "balanced", "e", "p", "r", false, "cpu", "fixed:0", "k=3"));
}
