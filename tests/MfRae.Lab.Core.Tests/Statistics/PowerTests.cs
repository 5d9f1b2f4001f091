using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

public sealed class PowerTests
{
    [Fact]
    public void Six_seeds_are_needed_whatever_the_number_of_contrasts() => Power.SeedsNeeded().Should().Be(6);

    /// <summary>
    /// Six seeds reject if all six values are beyond the margin, with probability Φ(e)⁶ for an effect of e standard deviations: .8 at 1.794.
    /// </summary>
    [Fact]
    public void The_detectable_effect_of_six_seeds_is_that_of_the_closed_form() =>
        Power.DetectableEffect(6, 1).Should().BeApproximately(1.794, 0.03, "the standard error of the simulated quantile is about 0.011");

    [Fact]
    public void Five_seeds_detect_nothing() => Power.DetectableEffect(5, 1).Should().BeNull();

    [Fact]
    public void More_seeds_detect_smaller_effects_and_more_contrasts_larger_ones()
    {
        Power.DetectableEffect(8, 1).Should().BeLessThan(Power.DetectableEffect(6, 1)!.Value);
        Power.DetectableEffect(8, 4).Should().BeGreaterThan(Power.DetectableEffect(8, 1)!.Value);
    }

    /// <summary>Power counted independently of the quantile that states it: another sequence of normal numbers.</summary>
    [Theory]
    [InlineData(6, 1)]
    [InlineData(8, 1)]
    [InlineData(8, 4)]
    public void The_stated_power_is_that_of_simulated_experiments(int seeds, int contrasts)
    {
        const int experiments = 2_000;
        var effect = Power.DetectableEffect(seeds, contrasts)!.Value;
        var noise = new NormalNoise("other");

        var found = Enumerable.Range(0, experiments).Count(_ =>
        {
            var values = noise.Contrasts(seeds, contrasts, Power.Correlation);
            var test = new MaxT([.. values.Select((column, k) => new ContrastValues([.. column.Select(value => value + (k == 0 ? 0.5 + effect : 0.5))], 0.5))]);
            return test.Of(0).Beyond <= MaxT.Level && test.Of(0).Mean > 0;
        });

        (found / (double)experiments).Should().BeApproximately(0.8, 0.03);
    }

    [Theory]
    [InlineData(5, 1, "With 5 seeds and 1 contrast no difference can be significant (smallest possible p = 0.0625). Run 6 seeds.")]
    [InlineData(2, 4, "With 2 seeds and 4 contrasts no difference can be significant (smallest possible p = 0.5). Run 6 seeds.")]
    [InlineData(1, 0, "There are no contrasts.")]
    public void A_design_states_its_power_and_the_seeds_it_needs(int seeds, int contrasts, string words) =>
        Power.Describe(seeds, contrasts, EffectScale.LogRatio).Should().Be(words);

    [Fact]
    public void A_design_that_can_decide_states_its_minimum_detectable_effect()
    {
        var multiple = FormattableString.Invariant($"{Power.DetectableEffect(8, 2):0.00}");

        Power.Describe(8, 2, EffectScale.LogRatio, 0.03).Should().Be(
            "With 8 seeds and 2 contrasts a consistent difference can be significant (smallest possible p = 0.0078). "
            + $"Minimum detectable effect at 80 % power: {multiple} standard deviations of the paired log ratios beyond the smallest relevant effect.");
        Power.Describe(8, 2, EffectScale.Difference, 0.001, new EarlierSpread(0.002, "x (n 8)")).Should()
            .Contain("the paired differences beyond the smallest relevant effect; with 0.002, as in x (n 8), this is an effect of 0.00");
    }
}
