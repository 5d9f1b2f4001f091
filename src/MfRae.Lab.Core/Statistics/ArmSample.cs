namespace MfRae.Lab.Core.Statistics;

/// <summary>One metric over the seeds of an arm.</summary>
/// <param name="Measured">By seed, ascending.</param>
/// <param name="Planned">Seeds the experiment asked for. Those without a finite value stay in this count.</param>
/// <param name="Diverged">Seeds without a value whose run diverged; they are among the planned ones.</param>
public sealed record ArmSample(string Arm, IReadOnlyList<SeedMeasurement> Measured, int Planned, int Diverged = 0)
{
    /// <summary>The seeds with a finite value.</summary>
    public IReadOnlyList<SeedMeasurement> Finite { get; } = [.. Measured.Where(seed => seed.Finite)];

    /// <summary>The finite values, one per stage that measured.</summary>
    public IReadOnlyList<double> Values => [.. Finite.DistinctBy(seed => seed.Stage).Select(seed => seed.Measurement.Value!.Value)];

    /// <summary>Seeds that were planned and gave no finite value.</summary>
    public int Lost => Planned - Finite.Count;

    public Summary Summary => Summary.Of(Values);

    /// <summary>Why the seeds of this arm cannot even be averaged, or null.</summary>
    public IdentityConflict? Conflict => MeasurementIdentity.Difference(Measured.Select(seed => seed.Measurement));
}
