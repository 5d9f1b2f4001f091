using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Statistics;

/// <summary>What one run of an arm measured.</summary>
public sealed record SeedMeasurement(long Seed, Measurement Measurement);
