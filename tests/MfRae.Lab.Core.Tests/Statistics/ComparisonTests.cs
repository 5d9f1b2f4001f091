using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class ComparisonTests
{
    private static readonly double[] Noise = [0, 0.1, 0.05, -0.05, 0.02, -0.1, 0.07, -0.02];

    [Fact]
    public void Two_seeds_are_underpowered_but_show_direction_and_agreement()
    {
        var result = Compare(Arm("base", 10, 20), Arm("mfd", 9.59, 19.08)).Single();

        result.Verdict.Should().Be(Verdict.Underpowered);
        ComparisonText.Sentence(result).Should().Be(
            "underpowered: both seeds lower (4.1–4.6 %); too few seeds for a verdict: the smallest possible p = 0.5");
        ComparisonText.Effect(result).Should().Be("mean −4.4 %, n 2", "two values give no interval");
        ComparisonText.PowerOf([result]).Should().Be(
            "With 2 seeds and 1 contrast no difference can be significant (smallest possible p = 0.5). Run 6 seeds.");
    }

    [Fact]
    public void Six_seeds_that_agree_beyond_the_margin_decide()
    {
        var result = Compare(Arm("base", Around(12, 6)), Arm("mfd", Around(10, 6))).Single();

        result.Verdict.Should().Be(Verdict.Better);
        result.Test!.Beyond.Should().Be(2 / 64d);
        result.Mean.Should().BeApproximately(Math.Log(10 / 12d), 0.001);
        result.Interval!.Value.High.Should().BeLessThan(-0.03);
        ComparisonText.Sentence(result).Should().StartWith("better: all 6 seeds lower (16.")
            .And.EndWith("; beyond the smallest relevant effect, 0.03 (−3.0 to +3.0 %), p = 0.0313");
        ComparisonText.Effect(result).Should().StartWith("mean −16.7 %, 95 % interval −16.7 to −16.7 %, n 6");
    }

    [Fact]
    public void The_same_six_seeds_decide_four_comparisons()
    {
        var results = Compare(
            Arm("base", Around(12, 6)), Arm("a", Around(10, 6)), Arm("b", Around(9, 6)), Arm("c", Around(8, 6)), Arm("d", Around(7, 6)));

        results.Should().OnlyContain(result => result.Verdict == Verdict.Better && result.Family == 4 && result.Test!.Smallest == 2 / 64d);
    }

    [Fact]
    public void A_difference_inside_the_margin_is_equivalent_however_small_its_p()
    {
        var result = Compare(Arm("base", Around(10, 8)), Arm("mfd", Around(9.9, 8))).Single();

        result.Test!.PValue.Should().BeLessThan(0.05);
        result.Verdict.Should().Be(Verdict.Equivalent);
        ComparisonText.Sentence(result).Should().StartWith("equivalent: all 8 seeds lower (1.0 %); the 90 % interval, −1.0 to −1.0 %, is within")
            .And.Contain("is within the smallest relevant effect, 0.03 (−3.0 to +3.0 %)");
    }

    [Fact]
    public void A_difference_that_is_not_shown_to_be_beyond_the_margin_is_inconclusive()
    {
        var result = Compare(Arm("base", 10, 10, 10, 10, 10, 10), Arm("mfd", 9.9, 9.2, 9.3, 9.6, 9.1, 9.5)).Single();

        result.Verdict.Should().Be(Verdict.Inconclusive);
        ComparisonText.Sentence(result).Should().Contain("different from zero, p = 0.0313, but not shown to be beyond the smallest relevant effect");
    }

    [Fact]
    public void Seeds_that_disagree_are_inconclusive()
    {
        var result = Compare(Arm("base", 10, 10, 10, 10, 10, 10), Arm("mfd", 12, 8, 12, 8, 12, 9)).Single();

        result.Verdict.Should().Be(Verdict.Inconclusive);
        ComparisonText.Sentence(result).Should().Contain("3 of 6 seeds lower (−20.0 to +20.0 %); not shown to be different from zero");
    }

    [Fact]
    public void Without_a_smallest_relevant_effect_there_is_an_estimate_and_no_verdict()
    {
        var result = Comparison.Against(Arm("base", Around(12, 6)), [Arm("mfd", Around(10, 6))], "fid@1").Single();

        result.Verdict.Should().Be(Verdict.None);
        ComparisonText.Sentence(result).Should().EndWith("; no verdict: the experiment declares no smallestRelevantEffect");
        ComparisonText.Effect(result).Should().Contain("95 % interval");
    }

    [Fact]
    public void Metrics_that_may_be_zero_are_compared_by_differences()
    {
        var result = Comparison.Against(
            Samples.Of("base", Around(0.8, 6, 0.01), "accuracy", true), [Samples.Of("mfd", Around(0.7, 6, 0.01), "accuracy", true)], "accuracy@1", 0.05).Single();

        result.Verdict.Should().Be(Verdict.Worse, "a higher accuracy is better");
        result.Scale.Should().Be(EffectScale.Difference);
        ComparisonText.Effect(result).Should().StartWith("mean −0.1, 95 % interval −0.1 to −0.1");
    }

    [Fact]
    public void A_metric_without_a_direction_is_higher_or_lower() => Comparison.Against(
            Samples.Of("base", Around(12, 6), "fid", null), [Samples.Of("mfd", Around(10, 6), "fid", null)], "fid@1", 0.03).Single()
        .Verdict.Should().Be(Verdict.Lower);

    [Fact]
    public void An_interaction_is_a_contrast_of_four_arms_and_is_higher_or_lower()
    {
        var contrast = new Contrast("interaction", new Dictionary<string, double> { ["a"] = 1, ["b"] = -1, ["c"] = -1, ["d"] = 1 });
        ArmSample[] arms = [Arm("a", Around(20, 6)), Arm("b", Around(10, 6)), Arm("c", Around(10, 6)), Arm("d", Around(10, 6))];

        var result = Comparison.Of([new(contrast, "fid@1", arms, 0.03)]).Single();

        result.Verdict.Should().Be(Verdict.Higher);
        result.Mean.Should().BeApproximately(Math.Log(2), 0.002);
        contrast.Formula().Should().Be("a − b − c + d");
    }

    [Fact]
    public void A_value_of_zero_leaves_no_log_ratio_and_no_verdict()
    {
        var result = Compare(Arm("base", 0, 0, 0, 0, 0, 0), Arm("mfd", 1, 2, 1, 2, 1, 2)).Single();

        result.Verdict.Should().Be(Verdict.None);
        result.Reason.Should().Be("a value is not positive, so the smallest relevant effect, a log ratio, does not apply");
        ComparisonText.Effect(result).Should().Be("mean +1.5, 95 % interval +1 to +2, n 6");
    }

    [Fact]
    public void Only_seeds_that_both_arms_finished_are_paired()
    {
        var arm = Arm("mfd", 9, 8) with { Planned = 3 };

        var comparison = Compare(Arm("base", 10, 11, 12), arm).Single();

        comparison.Effects.Select(pair => pair.Seed).Should().Equal(0, 1);
        arm.Lost.Should().Be(1);
        ComparisonText.Effect(comparison).Should().EndWith(", n 2 of 3");
    }

    [Fact]
    public void Large_and_small_multiples_of_the_baseline_are_shown_as_factors()
    {
        var results = Compare(
            Arm("base", 1, 2, 1, 2, 1, 2), Arm("up", 9, 16, 8, 18, 9, 16), Arm("down", 1e-5, 3e-5, 1e-5, 2e-5, 1e-5, 2e-5));

        ComparisonText.Sentence(results[0]).Should().Contain("all 6 seeds higher (8–9 times)");
        ComparisonText.Effect(results[0]).Should().StartWith("mean 8.49 times, 95 % interval ");
        ComparisonText.Sentence(results[1]).Should().Contain("all 6 seeds lower (1e−5–1.5e−5 times)");
    }

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
        Compare(Arm("base", 10, 10), diverged).Single().Effects.Should().HaveCount(1);
    }

    [Fact]
    public void An_arm_whose_seeds_all_diverged_is_worse_by_the_sign_test_of_ranks()
    {
        var few = Compare(Arm("base", 10, 10), new ArmSample("mfd", [], 2, [0, 1])).Single();
        var many = Compare(Arm("base", Around(10, 6)), new ArmSample("mfd", [], 6, [0, 1, 2, 3, 4, 5])).Single();

        few.Verdict.Should().Be(Verdict.Diverged, "two seeds decide nothing");
        many.Verdict.Should().Be(Verdict.Worse);
        many.Interval.Should().BeNull();
        ComparisonText.Sentence(many).Should().Be(
            "worse: all 6 seeds of mfd diverged; sign test of the ranks, diverged being worst: 6 of 6 seeds higher, p = 0.0313");
        ComparisonText.Effect(many).Should().BeEmpty();
    }

    [Fact]
    public void A_diverged_seed_has_the_worst_rank_and_survivors_do_not_decide_alone()
    {
        var result = Compare(Arm("base", Around(12, 8)), Arm("mfd", Around(10, 7)) with { Planned = 8, DivergedSeeds = [7] }).Single();

        // Seven of eight signs agree: p = 2 (1 + 8) / 256.
        result.Test!.PValue.Should().Be(18 / 256d);
        result.Verdict.Should().Be(Verdict.Diverged);
        ComparisonText.Sentence(result).Should().StartWith("diverged: 1 of 8 seeds of mfd diverged; sign test of the ranks");
    }

    [Fact]
    public void Seeds_that_diverged_in_both_arms_are_ties()
    {
        var result = Compare(
            Arm("base", Around(12, 7)) with { Planned = 8, DivergedSeeds = [7] }, Arm("mfd", Around(10, 7)) with { Planned = 8, DivergedSeeds = [7] }).Single();

        result.Verdict.Should().Be(Verdict.Better);
        result.Test!.PValue.Should().Be(2 / 128d);
        ComparisonText.Sentence(result).Should().Contain("0 of 7 seeds higher, 1 tied");
    }

    [Fact]
    public void A_contrast_of_seeds_without_a_result_is_partial()
    {
        var result = Compare(Arm("base", Around(12, 8)), Arm("mfd", Around(10, 6)) with { Planned = 8 }).Single();

        result.IsPartial.Should().BeTrue();
        ComparisonText.Sentence(result).Should().StartWith("partial: better: 6 of 8 seeds; all 6 seeds lower");
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
        comparison.Effects.Should().BeEmpty();
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
        Compare(shared with { Arm = "base" }, shared).Single().Effects.Should().HaveCount(1);
        Compare(Arm("base", 10, 11), shared).Single().Effects.Should().HaveCount(2);
    }

    [Fact]
    public void Without_a_common_seed_there_is_no_data() =>
        Compare(Arm("base", 10), new ArmSample("mfd", [], 1)).Single().Verdict.Should().Be(Verdict.Missing);

    private static IReadOnlyList<ContrastResult> Compare(ArmSample baseline, params ArmSample[] arms) =>
        Comparison.Against(baseline, arms, "fid@1", 0.03);

    private static double[] Around(double centre, int seeds, double scale = 0.1) =>
        [.. Noise.Take(seeds).Select(noise => centre + (scale * noise))];

    private static ArmSample Arm(string name, params double[] values) => Samples.Of(name, values);

    private static SeedMeasurement Measured(long seed, double? value) => Samples.Measured(seed, value);
}
