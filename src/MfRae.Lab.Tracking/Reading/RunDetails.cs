using Dapper;
using MfRae.Lab.Tracking.Writing;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Adds to a list of runs the primary metric, the overrides, and the start of the work that belongs to one run only.</summary>
internal sealed class RunDetails(SqliteConnection connection)
{
    private const string Chosen =
        """
        WITH chosen AS (
          SELECT v.plan, v.experiment, v.primary_metric, x.overrides
          FROM versions v
          JOIN experiment x ON x.id = v.plan
          WHERE (@experiment IS NULL OR v.experiment = @experiment) AND CASE WHEN @version IS NULL THEN v.current ELSE v.version = @version END
        )
        """;

    /// <param name="version">The number of the plan that the runs are of; null: they are of current plans.</param>
    public IReadOnlyList<RunListing> Add(IReadOnlyList<RunListing> runs, int? version)
    {
        if (runs.Count == 0)
        {
            return runs;
        }

        var of = new { experiment = runs.DistinctBy(run => run.Experiment).Count() == 1 ? runs[0].Experiment : null, version };
        var plans = connection.Query<PlanRow>($"{Chosen} SELECT experiment, primary_metric AS metric, overrides FROM chosen", of)
            .ToDictionary(row => row.Experiment);
        var own = Own(of);
        var values = Values(of);
        var working = runs.Any(run => run.Status is "running" or "queued") ? Working(of) : null;
        return [.. runs.Select(run => run with
        {
            Started = own.TryGetValue((run.Experiment, run.Id), out var started) ? started : run.Started,
            Metric = plans.GetValueOrDefault(run.Experiment)?.Metric ?? "",
            Value = values.GetValueOrDefault((run.Experiment, run.Id)),
            Overrides = plans.GetValueOrDefault(run.Experiment) is { } plan ? StoredText.List(plan.Overrides) : [],
            Working = working is null ? [] : [.. working[(run.Experiment, run.Id)]],
        })];
    }

    /// <summary>Of runs with stages of their own: when the first attempt at one of these began.</summary>
    private Dictionary<(string, string), DateTimeOffset?> Own(object of) => connection.Query<OwnRow>(
            $"""
            {Chosen}
            SELECT c.experiment, m.run, t.started
            FROM chosen c
            JOIN run_stage m ON m.experiment = c.plan
            JOIN stage_total t ON t.stage = m.stage
            WHERE NOT EXISTS (SELECT 1 FROM run_stage other WHERE other.stage = m.stage AND other.run <> m.run)
            """,
            of)
        .GroupBy(row => (row.Experiment, row.Run))
        .ToDictionary(
            run => run.Key,
            run => run.Min(row => row.Started is { } text && WallTime.TryParse(text, out var time) ? time : (DateTimeOffset?)null));

    /// <summary>By the role that comes first among those that measured it, as everywhere.</summary>
    private Dictionary<(string, string), double?> Values(object of)
    {
        var values = new Dictionary<(string, string), double?>();
        foreach (var row in connection.Query<ValueRow>(
            $"""
            {Chosen}
            SELECT c.experiment, t.run, m.value
            FROM chosen c
            JOIN run_stage t ON t.experiment = c.plan AND t.role IN ('evaluation', 'derivativeError', 'reconstruction', 'probe', 'features')
            JOIN measurement m ON m.stage = t.stage AND m.superseded = 0
            WHERE m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END = c.primary_metric
            ORDER BY t.role = 'evaluation', t.role = 'derivativeError', t.role = 'reconstruction', t.role = 'probe', m.attempt, m.seq
            """,
            of))
        {
            values[(row.Experiment, row.Run)] = row.Value;
        }

        return values;
    }

    private ILookup<(string, string), string> Working(object of) => connection.Query<WorkingRow>(
            $"""
            {Chosen}
            SELECT c.experiment, m.run, m.stage
            FROM chosen c
            JOIN run_stage m ON m.experiment = c.plan
            JOIN stage s ON s.key = m.stage
            WHERE s.status IN ('queued', 'running')
            """,
            of)
        .ToLookup(row => (row.Experiment, row.Run), row => row.Stage);

    private sealed record PlanRow(string Experiment, string Metric, string Overrides);

    private sealed record OwnRow(string Experiment, string Run, string? Started);

    private sealed record ValueRow(string Experiment, string Run, double? Value);

    private sealed record WorkingRow(string Experiment, string Run, string Stage);
}
