using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>What one run of an arm measured.</summary>
/// <param name="Stage">Key of the stage that measured it. Seeds that share the stage have measured once, and count once.</param>
public sealed record SeedMeasurement(long Seed, string Stage, Measurement Measurement)
{
    public bool Finite => Measurement.Value is { } value && double.IsFinite(value);
}
