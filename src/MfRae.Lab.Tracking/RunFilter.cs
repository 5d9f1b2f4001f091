namespace MfRae.Lab.Tracking;

/// <summary>Which runs to list; null lets every value pass.</summary>
public sealed record RunFilter(string? Experiment = null, string? Arm = null, long? Seed = null, string? Status = null);
