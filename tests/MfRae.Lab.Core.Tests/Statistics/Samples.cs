using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Core.Tests.Statistics;

/// <summary>Arms with made-up values, of seeds 0, 1, ….</summary>
internal static class Samples
{
    public static ArmSample Of(string name, params double[] values) => Of(name, values, "fid", false);

    public static ArmSample Of(string name, double[] values, string metric, bool? higherIsBetter) => new(
        name,
        [.. values.Select((value, seed) => new SeedMeasurement(
            seed, $"{name}{seed}", Measured(seed, value).Measurement with { Metric = metric, HigherIsBetter = higherIsBetter }))],
        values.Length);

    public static SeedMeasurement Measured(long seed, double? value) =>
        new(seed, $"stage{seed}", new Measurement("fid", value, null, null, 10_000, 1, 1, "balanced", "e", "p", "r", false, "cpu", "fixed:0", "k=3"));
}
