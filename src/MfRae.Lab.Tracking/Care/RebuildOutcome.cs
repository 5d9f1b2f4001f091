namespace MfRae.Lab.Tracking.Care;

/// <summary>What a rebuild made.</summary>
/// <param name="Journals">Journals that were read.</param>
/// <param name="CarriedOver">Stages that the store no longer has all journals of, taken from the old database.</param>
/// <param name="Backup">Where the old database is now, or null where there was none.</param>
/// <param name="Warnings">What could not be taken over, a sentence each.</param>
public sealed record RebuildOutcome(
    int Plans, int Stages, int Journals, int CarriedOver, string? Backup, IReadOnlyList<string> Warnings);
