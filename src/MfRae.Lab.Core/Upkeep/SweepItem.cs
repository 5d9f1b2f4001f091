namespace MfRae.Lab.Core.Upkeep;

/// <summary>One folder of the store.</summary>
/// <param name="Name">The folder's name; of stages the key.</param>
/// <param name="Touched">When it was last written to.</param>
public sealed record SweepItem(SweepClass Class, string Path, string Name, long Bytes, DateTimeOffset Touched);
