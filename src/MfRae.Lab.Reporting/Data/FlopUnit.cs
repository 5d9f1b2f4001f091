namespace MfRae.Lab.Reporting.Data;

/// <summary>The unit in which some numbers of operations are best read.</summary>
internal sealed record FlopUnit(string Name, double Size)
{
    private static readonly FlopUnit[] All = [new("EFLOP", 1e18), new("PFLOP", 1e15), new("TFLOP", 1e12), new("GFLOP", 1e9)];

    /// <summary>The largest of which the largest value is at least one; one for all, so that a column can be read down.</summary>
    public static FlopUnit For(IEnumerable<double> values)
    {
        var most = values.DefaultIfEmpty(0).Max();
        return All.FirstOrDefault(unit => most >= unit.Size) ?? All[^1];
    }
}
