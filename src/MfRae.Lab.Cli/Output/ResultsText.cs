using System.Globalization;
using System.Text;
using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Output;

/// <summary>The results for people.</summary>
public static class ResultsText
{
    // Arm, steps and n.
    private const int KeyColumns = 3;

    /// <param name="width">Of a line; wider tables stand in parts below each other. Null: as wide as it is.</param>
    public static string Write(Results results, int? width = null)
    {
        if (results.Record.Arms.Any(arm => arm.Title is not null) && ArmTitles.Apply(results.Record) is var titled)
            results = Results.Of(titled);
        var text = new StringBuilder();
        var table = new TextTable(["arm", "steps", "n", .. results.Metrics]);
        foreach (var row in results.Rows)
        {
            table.Add(
            [
                row.Baseline ? row.Name + " (baseline)" : row.Name,
                row.Steps > 0 ? row.Steps.ToString(CultureInfo.InvariantCulture) : "–",
                Count(row),
                .. results.Metrics.Select(metric => row.Values.TryGetValue(metric, out var summary) ? Value(summary) : "–"),
            ]);
        }

        if (results.Rows.Any(row => row.Values.Values.Any(summary => summary.Deviation is not null)))
            text.AppendLine("mean ± sd over seeds").AppendLine();
        text.Append(width is { } most ? table.Folded(KeyColumns, most) : table.ToString());
        if (results.Comparisons.Count > 0)
        {
            text.AppendLine().AppendLine(
                CultureInfo.InvariantCulture, $"{results.Record.PrimaryMetric} against {results.Comparisons[0].Baseline}:");
            foreach (var comparison in results.Comparisons)
                text.AppendLine(CultureInfo.InvariantCulture, $"  {comparison.Arm}: {ComparisonText.Sentence(comparison)}");
        }

        return text.ToString();
    }

    /// <summary>`45.23 ± 1.10`: four significant digits of the mean, and as many decimals of the deviation.</summary>
    public static string Value(Summary summary)
    {
        if (summary.Count == 0)
            return "–";
        var magnitude = summary.Mean == 0 ? 0 : (int)Math.Floor(Math.Log10(Math.Abs(summary.Mean)));
        var format = magnitude < -3 ? "0.000E+0" : "F" + Math.Max(3 - magnitude, 0).ToString(CultureInfo.InvariantCulture);
        var mean = summary.Mean.ToString(format, CultureInfo.InvariantCulture);
        return summary.Deviation is { } deviation ? $"{mean} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}" : mean;
    }

    private static string Count(ResultRow row)
    {
        var counted = row.Values.Count == 0 ? 0 : row.Values.Values.Max(summary => summary.Count);
        return (counted == row.Planned ? $"{counted}" : $"{counted} of {row.Planned}") + (row.Diverged > 0 ? $", {row.Diverged} diverged" : "");
    }
}
