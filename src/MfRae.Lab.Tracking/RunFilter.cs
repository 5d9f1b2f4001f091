namespace MfRae.Lab.Tracking;

/// <summary>Which runs to list; null lets every value pass.</summary>
/// <param name="Version">The number of a plan of the experiment; null: the current plans.</param>
public sealed record RunFilter(
    string? Experiment = null, string? Arm = null, long? Seed = null, string? Status = null, int? Version = null);
