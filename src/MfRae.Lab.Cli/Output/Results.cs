using System.Globalization;
using System.Text;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;

namespace MfRae.Lab.Cli.Output;

/// <summary>The results of an experiment: a row for each arm and number of sampling steps, followed by the rows of the teacher.</summary>
/// <param name="Record">The experiment.</param>
/// <param name="Metrics">The columns, in the order of measurement.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Primary">The comparisons of the primary metric.</param>
/// <param name="Conflict">Why the values of a metric are not comparable; null if they are.</param>
public sealed record Results(
    ExperimentRecord Record,
    IReadOnlyList<string> Metrics,
    IReadOnlyList<ResultRow> Rows,
    ExperimentComparison Primary,
    string? Conflict)
{
    /// <summary>The results of a recorded experiment.</summary>
    public static Results Of(ExperimentRecord record)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var measured = record.Runs
            .Select(run => run.Stages.GetValueOrDefault("evaluation") ?? run.Stages.GetValueOrDefault(DerivativeErrorNames.Error))
            .Concat(Costs(record))
            .SelectMany(key => Measured(key, stages))
            .DistinctBy(measurement => measurement.Key)
            .ToList();
        var comparisons = measured.ToDictionary(
            measurement => measurement.Key, measurement => ExperimentComparison.Of(record, measurement.Key));
        // Arms without measurements are listed too.
        var rows = from arm in record.Arms
                   from steps in measured.Select(measurement => measurement.Steps).Distinct().Order().DefaultIfEmpty(0)
                   select ArmRow(record, arm, steps, comparisons);
        var teacher = TeacherRows(record, stages).ToList();
        var metrics = measured.Select(measurement => measurement.Metric).Concat(teacher.SelectMany(row => row.Values.Keys)).Distinct()
            .ToList();
        return new(record, metrics, [.. rows, .. teacher], ExperimentComparison.Of(record), FirstConflict(comparisons));
    }

    // The costs of training are in the report; here they are listed only if the verdicts are about them.
    private static IEnumerable<string?> Costs(ExperimentRecord record) => MetricCatalogue.IsTiming(record.PrimaryMetric)
        ? record.Runs.Select(run => run.Stages.GetValueOrDefault(CostMeasurements.RoleOf(run.Stages)))
        : [];

    private static ResultRow ArmRow(ExperimentRecord record, ArmRecord arm, int steps, Dictionary<string, ExperimentComparison> comparisons)
    {
        var samples = comparisons.Values
            .Select(comparison => comparison.Arms.Single(sample => sample.Arm == arm.Name))
            // Values of different identities have no mean; the conflict is reported instead.
            .Where(sample => sample.Conflict is null)
            .Select(sample => (Measurement: sample.Measured.Count > 0 ? sample.Measured[0].Measurement : null, sample.Summary))
            .Where(item => item.Measurement?.Steps == steps && item.Summary.Count > 0);
        return new(
            arm.Name,
            arm.Baseline,
            steps,
            record.Runs.Count(run => run.Arm == arm.Name && !run.Pilot),
            samples.ToDictionary(item => item.Measurement!.Metric, item => item.Summary),
            record.Runs.Count(run => run.Arm == arm.Name && !run.Pilot && run.Status == AttemptStatus.Diverged));
    }

    // Arms that change the options of the teacher have separate teachers; all other arms share one.
    private static IEnumerable<ResultRow> TeacherRows(ExperimentRecord record, Dictionary<string, StageRecord> stages)
    {
        var teachers = record.Runs
            .Where(run => run.Stages.ContainsKey("teacherEvaluation"))
            .GroupBy(run => run.Arm)
            .Select(arm => (Arm: arm.Key, Keys: arm.Select(run => run.Stages["teacherEvaluation"]).Distinct().ToList()))
            .DistinctBy(teacher => string.Join(' ', teacher.Keys))
            .ToList();
        return from teacher in teachers
               let measured = teacher.Keys.SelectMany(key => Measured(key, stages)).ToList()
               from steps in measured.Select(measurement => measurement.Steps).Distinct().Order()
               select new ResultRow(
                   teachers.Count == 1 ? "teacher" : $"teacher of {teacher.Arm}",
                   false,
                   steps,
                   teacher.Keys.Count,
                   measured.Where(measurement => measurement.Steps == steps)
                       .GroupBy(measurement => measurement.Metric)
                       .Where(metric => MeasurementIdentity.Difference(metric) is null)
                       .ToDictionary(metric => metric.Key, metric => Summary.Of([.. metric.Select(item => item.Value).OfType<double>()])));
    }

    // Metrics without a direction are left to the report and the database: an oracle evaluation has dozens of such metrics.
    private static IEnumerable<Measurement> Measured(string? stageKey, Dictionary<string, StageRecord> stages) =>
        stageKey is not null && stages.TryGetValue(stageKey, out var stage)
            ? stage.Measurements.Where(measurement => measurement.HigherIsBetter is not null)
            : [];

    private static string? FirstConflict(Dictionary<string, ExperimentComparison> comparisons) => comparisons.Values
        .Where(comparison => comparison.Conflict is not null)
        .Select(comparison => $"{comparison.Metric}: {comparison.Conflict}: {comparison.Conflict!.One} and {comparison.Conflict.Other}")
        .FirstOrDefault();
}

/// <summary>A row of the results.</summary>
/// <param name="Name">The arm, or teacher.</param>
/// <param name="Baseline">Whether the arm is the baseline.</param>
/// <param name="Steps">Network evaluations per sample.</param>
/// <param name="Planned">The number of planned runs, so that runs without a result remain visible.</param>
/// <param name="Values">Metric → its values over the runs that have one.</param>
/// <param name="Diverged">The number of diverged runs.</param>
public sealed record ResultRow(
    string Name, bool Baseline, int Steps, int Planned, IReadOnlyDictionary<string, Summary> Values, int Diverged = 0);

/// <summary>Results as text.</summary>
public static class ResultsText
{
    // Arm, steps and n.
    private const int KeyColumns = 3;

    /// <summary>A table of the results, and the comparisons of the primary metric with the baseline.</summary>
    /// <param name="results">The results.</param>
    /// <param name="width">The maximum length of a line, to which wide tables are split; null: no maximum.</param>
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
        if (results.Primary.Decisions is { Count: > 0 } decisions)
        {
            text.AppendLine().AppendLine(results.Record.Contrasts is { Count: > 0 }
                ? "declared contrasts:"
                : $"{results.Record.PrimaryMetric} against {results.Primary.Baseline}:");
            foreach (var result in decisions)
            {
                var effect = ComparisonText.Effect(result);
                text.AppendLine(CultureInfo.InvariantCulture, $"  {result.Name}: {ComparisonText.Sentence(result)}{(effect.Length > 0 ? $"; {effect}" : "")}");
            }
        }

        return text.ToString();
    }

    /// <summary>`45.23 ± 1.10`: the mean with four significant digits, and the deviation with the same number of decimals.</summary>
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
