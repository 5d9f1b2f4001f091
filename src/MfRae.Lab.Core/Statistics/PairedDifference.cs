namespace MfRae.Lab.Core.Statistics;

/// <summary>An arm and the baseline under the same seed, and so with the same initialisation, data order and noise.</summary>
public sealed record PairedDifference(long Seed, double Baseline, double Value)
{
    public double Difference => Value - Baseline;

    /// <summary>The pairs of the seeds that both have. Seeds that share both measurements say the same thing, and make one pair.</summary>
    public static IReadOnlyList<PairedDifference> Of(ArmSample baseline, ArmSample arm) =>
    [
        .. (from one in arm.Finite
            join other in baseline.Finite on one.Seed equals other.Seed
            orderby one.Seed
            select (one, other))
        .DistinctBy(pair => (pair.one.Stage, pair.other.Stage))
        .Select(pair => new PairedDifference(pair.one.Seed, pair.other.Measurement.Value!.Value, pair.one.Measurement.Value!.Value)),
    ];
}
