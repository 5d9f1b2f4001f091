namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>An arm as the file gives it.</summary>
/// <param name="Location">Where the arm is named.</param>
/// <param name="Patch">What it changes in `base`.</param>
/// <param name="Title">What reports and tables call it; null: its name.</param>
internal sealed record ArmDraft(string Name, Location Location, LocatedObject Patch, string? Title = null);

/// <param name="Baseline">The name of the baseline arm, or null where a mistake hides it.</param>
internal sealed record ArmDrafts(IReadOnlyList<ArmDraft> Arms, string? Baseline);
