namespace MfRae.Lab.Core.Statistics;

/// <summary>An arm and the baseline under the same seed, and so with the same initialisation, data order and noise.</summary>
public sealed record PairedDifference(long Seed, double Baseline, double Value)
{
    public double Difference => Value - Baseline;

    /// <summary>The difference as a fraction of the baseline, or null where the baseline is zero.</summary>
    public double? Relative => Baseline == 0 ? null : Difference / Math.Abs(Baseline);

    /// <summary>The pairs of the seeds that both have, by seed.</summary>
    public static IReadOnlyList<PairedDifference> Of(ArmSample baseline, ArmSample arm) =>
    [
        .. from pair in arm.Values
           where baseline.Values.ContainsKey(pair.Key)
           orderby pair.Key
           select new PairedDifference(pair.Key, baseline.Values[pair.Key], pair.Value),
    ];
}
