namespace MfRae.Lab.Core.Upkeep;

/// <summary>What a collection keeps and what it deletes.</summary>
public sealed record SweepPlan(IReadOnlyList<SweepItem> Kept, IReadOnlyList<SweepItem> Doomed)
{
    public IReadOnlyList<SweepRow> Rows() => [.. Enum.GetValues<SweepClass>().Select(kind => new SweepRow(
        kind,
        Kept.Count(item => item.Class == kind),
        Kept.Where(item => item.Class == kind).Sum(item => item.Bytes),
        Doomed.Count(item => item.Class == kind),
        Doomed.Where(item => item.Class == kind).Sum(item => item.Bytes)))];
}
