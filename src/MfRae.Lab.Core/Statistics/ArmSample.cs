namespace MfRae.Lab.Core.Statistics;

/// <summary>One metric over the seeds of an arm.</summary>
/// <param name="Planned">Seeds the experiment asked for. Those without a finite value stay in this count.</param>
public sealed record ArmSample(string Arm, IReadOnlyList<SeedMeasurement> Measured, int Planned)
{
    /// <summary>Finite values by seed, ascending.</summary>
    public IReadOnlyDictionary<long, double> Values { get; } = new SortedDictionary<long, double>(Measured
        .Where(seed => seed.Measurement.Value is { } value && double.IsFinite(value))
        .ToDictionary(seed => seed.Seed, seed => seed.Measurement.Value!.Value));

    /// <summary>Seeds that were planned and gave no finite value.</summary>
    public int Lost => Planned - Values.Count;

    public Summary Summary => Summary.Of([.. Values.Values]);

    /// <summary>Why the seeds of this arm cannot even be averaged, or null.</summary>
    public IdentityConflict? Conflict => MeasurementIdentity.Difference(Measured.Select(seed => seed.Measurement));
}
