namespace MfRae.Lab.Core.Upkeep;

/// <summary>One class of a <see cref="SweepPlan"/> in numbers.</summary>
public sealed record SweepRow(SweepClass Class, int Kept, long KeptBytes, int Doomed, long DoomedBytes);
