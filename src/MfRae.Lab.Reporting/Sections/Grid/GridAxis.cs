using System.Globalization;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections.Grid;

/// <summary>One option over the arms: its different values, numbers ascending and words as they come, and each arm's place.</summary>
internal sealed class GridAxis
{
    /// <summary>What stands for an option that an arm does not have.</summary>
    public const string Absent = "–";

    public GridAxis(OptionRow row)
    {
        Path = row.Path;
        string[] distinct = [.. row.Values.Distinct()];
        // An arm without the option comes before those with the smallest number.
        string[] sorted = distinct.All(text => text.Length == 0 || Number(text) is not null) ? [.. distinct.OrderBy(Number)] : distinct;
        Places = [.. row.Values.Select(value => Array.IndexOf(sorted, value))];
        Values = [.. sorted.Select(value => value.Length == 0 ? Absent : value.Trim('"'))];
    }

    public string Path { get; }

    public IReadOnlyList<string> Values { get; }

    /// <summary>For each arm which of the values.</summary>
    public IReadOnlyList<int> Places { get; }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
