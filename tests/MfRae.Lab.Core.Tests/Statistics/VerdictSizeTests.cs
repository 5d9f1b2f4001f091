using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

/// <summary>How often verdicts are wrong where they are hardest: effects exactly at the margin, with normal values.</summary>
public sealed class VerdictSizeTests
{
    private const int Experiments = 2_000;
    private const double Margin = 1;

    // Three standard errors above 5 % of 2,000 experiments; benchmarks/verdict-size draws 10,000.
    private const double Most = 0.05 + 0.015;

    [Theory]
    [InlineData(6, 1, 0.5)]
    [InlineData(6, 4, 0.5)]
    [InlineData(8, 4, 0.5)]
    [InlineData(8, 4, 0.98)]
    public void False_verdicts_of_a_family_are_as_rare_as_stated(int seeds, int contrasts, double correlation)
    {
        var noise = new NormalNoise("size");
        var (beyond, within) = (0, 0);
        for (var experiment = 0; experiment < Experiments; experiment++)
        {
            // Effects alternate between both margins.
            var test = new MaxT([.. noise.Contrasts(seeds, contrasts, correlation)
                .Select((column, k) => new ContrastValues([.. column.Select(value => (k % 2 == 0 ? Margin : -Margin) + value)], Margin))]);
            SimultaneousTest[] results = [.. Enumerable.Range(0, contrasts).Select(test.Of)];
            beyond += results.Any(result => result.Beyond <= MaxT.Level) ? 1 : 0;
            within += results.Any(result => result.Inside <= MaxT.Level) ? 1 : 0;
        }

        (beyond / (double)Experiments).Should().BeLessThanOrEqualTo(Most);
        (within / (double)Experiments).Should().BeLessThanOrEqualTo(Most);
    }

    [Fact]
    public void The_best_of_equal_arms_is_rarely_excluded()
    {
        var noise = new NormalNoise("best");
        var excluded = Enumerable.Range(0, 500).Count(_ =>
        {
            ArmSample[] arms = [.. noise.Contrasts(6, 3, 0.5).Select((column, k) => Samples.Of($"a{k}", [.. column.Select(value => Math.Exp(0.1 * value))]))];
            return !BestArms.Of(arms)!.Contains("a0");
        });

        (excluded / 500d).Should().BeLessThanOrEqualTo(0.08, "5 % and three standard errors");
    }
}
