namespace MfRae.Lab.Core.Exchange;

/// <summary>What a capsule holds: its `capsule.json`, the last entry, which names all others.</summary>
/// <param name="Format">Version of the capsule; 1.</param>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="PlanHash">Of its plan.</param>
public sealed record CapsuleIndex(int Format, string Experiment, string PlanHash, IReadOnlyList<CapsuleEntry> Entries)
{
    public const int Known = 1;
}
