using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Comparisons;

/// <summary>Metrics that both have and that are values of different things, with every field in which they differ.</summary>
internal sealed record ComparisonConflicts(IReadOnlyList<ConflictRow> Rows)
{
    public static ComparisonConflicts Of(IReadOnlyList<CrossComparison> compared) => new(
    [
        .. from comparison in compared
           from conflict in comparison.Conflicts
           select new ConflictRow(MetricName.OfKey(comparison.Metric), comparison.Metric, conflict.Field, Text(conflict.One), Text(conflict.Other)),
    ]);

    private static string Text(string value) => value.Length == 0 ? "none" : value;
}

internal sealed record ConflictRow(string Label, string Metric, string Field, string One, string Other);
