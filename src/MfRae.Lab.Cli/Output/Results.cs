using MfRae.Lab.Core.Statistics;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Output;

/// <summary>What the arms came to: a row for each arm and number of sampling steps, then the teacher's own.</summary>
/// <param name="Metrics">Columns, in the order they were measured.</param>
/// <param name="Conflict">Why values of one key may not stand in one comparison, or null.</param>
public sealed record Results(
    ExperimentRecord Record,
    IReadOnlyList<string> Metrics,
    IReadOnlyList<ResultRow> Rows,
    IReadOnlyList<ArmComparison> Comparisons,
    string? Conflict)
{
    public static Results Of(ExperimentRecord record)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        var measured = record.Runs
            .Select(run => run.Stages.GetValueOrDefault("evaluation") ?? run.Stages.GetValueOrDefault(DerivativeErrorNames.Error))
            .SelectMany(key => Measured(key, stages))
            .DistinctBy(measurement => measurement.Key)
            .ToList();
        var comparisons = measured.ToDictionary(
            measurement => measurement.Key, measurement => ExperimentComparison.Of(record, measurement.Key));
        // Nothing measured yet: the arms stand in the table all the same.
        var rows = from arm in record.Arms
                   from steps in measured.Select(measurement => measurement.Steps).Distinct().Order().DefaultIfEmpty(0)
                   select ArmRow(record, arm, steps, comparisons);
        var teacher = TeacherRows(record, stages).ToList();
        var metrics = measured.Select(measurement => measurement.Metric).Concat(teacher.SelectMany(row => row.Values.Keys)).Distinct()
            .ToList();
        return new(record, metrics, [.. rows, .. teacher], ExperimentComparison.Of(record).Comparisons, FirstConflict(comparisons));
    }

    private static ResultRow ArmRow(ExperimentRecord record, ArmRecord arm, int steps, Dictionary<string, ExperimentComparison> comparisons)
    {
        var samples = comparisons.Values
            .Select(comparison => comparison.Arms.Single(sample => sample.Arm == arm.Name))
            // Values of different identities have no mean; the conflict is told instead.
            .Where(sample => sample.Conflict is null)
            .Select(sample => (Measurement: sample.Measured.Count > 0 ? sample.Measured[0].Measurement : null, sample.Summary))
            .Where(item => item.Measurement?.Steps == steps && item.Summary.Count > 0);
        return new(
            arm.Name,
            arm.Baseline,
            steps,
            record.Runs.Count(run => run.Arm == arm.Name),
            samples.ToDictionary(item => item.Measurement!.Metric, item => item.Summary),
            record.Runs.Count(run => run.Arm == arm.Name && run.Status == AttemptStatus.Diverged));
    }

    // Arms that patch the teacher have teachers of their own; all others share one.
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

    // What has no better and no worse is for the report and the database: an oracle measures dozens.
    private static IEnumerable<Measurement> Measured(string? stageKey, Dictionary<string, StageRecord> stages) =>
        stageKey is not null && stages.TryGetValue(stageKey, out var stage)
            ? stage.Measurements.Where(measurement => measurement.HigherIsBetter is not null)
            : [];

    private static string? FirstConflict(Dictionary<string, ExperimentComparison> comparisons) => comparisons.Values
        .Where(comparison => comparison.Conflict is not null)
        .Select(comparison => $"{comparison.Metric}: {comparison.Conflict}: {comparison.Conflict!.One} and {comparison.Conflict.Other}")
        .FirstOrDefault();
}
