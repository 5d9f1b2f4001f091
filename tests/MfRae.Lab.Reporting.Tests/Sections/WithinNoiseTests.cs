using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Sections.Results;

namespace MfRae.Lab.Reporting.Tests.Sections;

public sealed class WithinNoiseTests
{
    [Theory]
    [InlineData("fid", new[] { 10.1, 10.1 }, true)] // 1 %, inside the band of 1.3 %
    [InlineData("fid", new[] { 10.5, 10.5 }, false)] // 5 % in both seeds
    [InlineData("fid", new[] { 10.1, 11.9 }, true)] // seeds that disagree
    [InlineData("kid", new[] { 10.1, 10.1001 }, false)] // no band, and the pairs hardly vary
    public void An_arm_within_the_noise_band_or_the_interval_of_pairs_is_marked_as_a_tie(string metric, double[] values, bool marked)
    {
        var comparison = Compare(metric, [10, 10], values);

        WithinNoise.Of(comparison, comparison.Arms[1]).Should().Be(marked);
        WithinNoise.Of(comparison, comparison.Arms[0]).Should().BeFalse("the best is bold");
    }

    [Theory]
    [InlineData("fid", 10.1, true)]
    [InlineData("kid", 10.1, false)]
    public void One_pair_uses_the_noise_band_alone(string metric, double value, bool marked)
    {
        var comparison = Compare(metric, [10], [value]);

        WithinNoise.Of(comparison, comparison.Arms[1]).Should().Be(marked);
    }

    private static ExperimentComparison Compare(string metric, double[] best, double[] other) =>
        new(metric, "best", [Sample("best", metric, best), Sample("other", metric, other)], [], "best");

    private static ArmSample Sample(string arm, string metric, double[] values) => new(
        arm,
        [.. values.Select((value, seed) => new SeedMeasurement(
            seed, $"{arm} {seed}", new Measurement(metric, value, null, null, 1000, 1, 1, "", "", "", "", false)))],
        values.Length);
}
