using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Reading;

/// <summary>Lists and shows runs.</summary>
internal sealed class RunReader(SqliteConnection connection)
{
    private const int ListedCandidates = 10;
    private const int ShownDigits = 12;

    // The columns of the view `runs`, for one plan.
    private const string OfVersion =
        """
        (
          SELECT v.experiment, r.id AS run, r.arm, a.baseline, r.seed, t.name AS status, w.stages, w.completed, w.started, w.wall_seconds, r.pilot
          FROM versions v
          JOIN run r ON r.experiment = v.plan
          JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
          JOIN (
            SELECT m.experiment, m.run, max(s.severity) AS severity, count(*) AS stages, sum(s.severity = 0) AS completed,
              min(s.started) AS started, total(s.wall_seconds) AS wall_seconds
            FROM run_stage m
            JOIN stage_total s ON s.stage = m.stage
            WHERE m.again = 0
            GROUP BY m.experiment, m.run
          ) w ON w.experiment = r.experiment AND w.run = r.id
          JOIN status t ON t.severity = w.severity
          WHERE v.experiment = @Experiment AND v.version = @Version
          ORDER BY r.position
        )
        """;

    public IReadOnlyList<RunListing> List(RunFilter filter)
    {
        using var reader = connection.ExecuteReader(
            $"""
            SELECT run, experiment, arm, baseline, seed, status, stages, completed, started, wall_seconds, pilot
            FROM {(filter.Version is null ? "runs" : OfVersion)}
            WHERE (@Experiment IS NULL OR experiment = @Experiment) AND (@Arm IS NULL OR arm = @Arm)
              AND (@Seed IS NULL OR seed = @Seed) AND (@Status IS NULL OR status = @Status)
            """,
            filter);
        var runs = new List<RunListing>();
        while (reader.Read())
        {
            runs.Add(new RunListing(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetInt64(3) != 0,
                reader.GetInt64(4),
                reader.GetString(5),
                reader.GetInt32(6),
                reader.GetInt32(7),
                reader.IsDBNull(8) ? null : WallTime.Parse(reader.GetString(8)),
                reader.GetDouble(9),
                Pilot: reader.GetInt64(10) != 0));
        }

        return runs;
    }

    public RunDetail Show(string idPrefix)
    {
        // Two experiments may share a run. The experiment planned last gives the labels of the stages.
        var found = List(new RunFilter())
            .Where(run => idPrefix.Length > 0 && run.Id.StartsWith(idPrefix, StringComparison.OrdinalIgnoreCase))
            .ToLookup(run => run.Id);
        if (found.Count == 0 && idPrefix.Length > 0 && Earlier(idPrefix) is { } earlier)
        {
            return earlier;
        }

        if (found.Count != 1)
        {
            throw new LabException(
                found.Count == 0 ? $"no run id starts with \"{PrintableText.Of(idPrefix)}\". Run 'ls' to see the runs." : Ambiguous(idPrefix, found));
        }

        var plans = connection.Query<PlanRow>("SELECT name, id FROM experiment ORDER BY planned DESC")
            .DistinctBy(plan => plan.Name)
            .ToList();
        var plan = plans.First(plan => found.Single().Any(run => run.Experiment == plan.Name));
        return Detail(plan.Id, found.Single().Single(run => run.Experiment == plan.Name));
    }

    /// <summary>The run of earlier versions whose id starts with the digits, from the last version that has it; null if there is not exactly one.</summary>
    private RunDetail? Earlier(string idPrefix)
    {
        var found = connection.Query<EarlierRow>(
            """
            SELECT v.experiment, v.plan, r.id AS run
            FROM versions v
            JOIN run r ON r.experiment = v.plan
            WHERE v.current = 0 AND substr(r.id, 1, length(@idPrefix)) = lower(@idPrefix)
            ORDER BY v.experiment, v.version
            """,
            new { idPrefix }).ToList();
        if (found.DistinctBy(row => row.Run).Count() != 1)
        {
            return null;
        }

        var last = found[^1];
        var version = connection.ExecuteScalar<int>("SELECT version FROM versions WHERE plan = @Plan", last);
        return Detail(last.Plan, List(new RunFilter(last.Experiment, Version: version)).Single(run => run.Id == last.Run));
    }

    private RunDetail Detail(long planId, RunListing run)
    {
        var stages = new StageReader(connection).Read(planId, run.Id).ToDictionary(stage => stage.Key);
        var roles = connection.Query<RoleRow>(
            """
            SELECT m.role, m.stage
            FROM run_stage m
            JOIN plan_stage p ON p.experiment = m.experiment AND p.stage = m.stage
            WHERE m.experiment = @Plan AND m.run = @Run
            ORDER BY p.position, m.role
            """,
            new { Plan = planId, Run = run.Id });
        return new RunDetail(run, roles.Select(row => new RunStage(row.Role, stages[row.Stage])).ToList());
    }

    private static string Ambiguous(string idPrefix, ILookup<string, RunListing> found)
    {
        var candidates = found.Take(ListedCandidates).Select(runs => runs.First()).Select(run =>
            $"{run.Id[..Math.Min(Math.Max(ShownDigits, idPrefix.Length + 1), run.Id.Length)]} ({run.Experiment}, {run.Arm}, seed "
                + $"{run.Seed})");
        var more = found.Count > ListedCandidates ? $" and {found.Count - ListedCandidates} more" : "";
        return $"{found.Count} run ids start with \"{idPrefix}\": {string.Join(", ", candidates)}{more}. Give more digits.";
    }

    private sealed record PlanRow(string Name, long Id);

    private sealed record EarlierRow(string Experiment, long Plan, string Run);

    private sealed record RoleRow(string Role, string Stage);
}

/// <summary>One run of a current plan, as in the view `runs`.</summary>
/// <param name="Id">The id of the run.</param>
/// <param name="Experiment">The name of the experiment.</param>
/// <param name="Arm">The name of the arm.</param>
/// <param name="Baseline">Whether the arm is the baseline.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Status">The worst status of its stages, in lower case.</param>
/// <param name="Stages">The number of stages.</param>
/// <param name="Completed">The number of completed stages.</param>
/// <param name="Started">When the first attempt at a stage of only this run started, or at any of its stages if it shares them all; null
/// before the first attempt.</param>
/// <param name="WallSeconds">The time of all attempts at all its stages, including stages shared with other runs, in seconds.</param>
/// <param name="Metric">The primary metric of the experiment.</param>
/// <param name="Value">The run's value of the primary metric; null if it is not measured or not finite.</param>
/// <param name="Overrides">The options given on the command line.</param>
/// <param name="Working">The keys of its queued and running stages.</param>
/// <param name="Pilot">Whether its seed explores.</param>
public sealed record RunListing(
    string Id,
    string Experiment,
    string Arm,
    bool Baseline,
    long Seed,
    string Status,
    int Stages,
    int Completed,
    DateTimeOffset? Started,
    double WallSeconds,
    string Metric = "",
    double? Value = null,
    IReadOnlyList<string>? Overrides = null,
    IReadOnlyList<string>? Working = null,
    bool Pilot = false);

/// <summary>Selects the runs to list; null matches every value.</summary>
/// <param name="Experiment">The name of the experiment.</param>
/// <param name="Arm">The name of the arm.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Status">The status, in lower case.</param>
/// <param name="Version">The number of a plan of the experiment; null for the current plans.</param>
public sealed record RunFilter(
    string? Experiment = null, string? Arm = null, long? Seed = null, string? Status = null, int? Version = null);

/// <summary>One run with its stages and their measurements.</summary>
/// <param name="Run">The run.</param>
/// <param name="Stages">The stages; each follows its inputs.</param>
public sealed record RunDetail(RunListing Run, IReadOnlyList<RunStage> Stages);

/// <summary>A stage of a run.</summary>
/// <param name="Role">The role of the stage in the run: its kind, or teacherSampling, reference.SPLIT, …</param>
/// <param name="Stage">The stage.</param>
public sealed record RunStage(string Role, StageRecord Stage);

/// <summary>Adds the primary metric, the overrides, and the start of the first unshared stage to a list of runs.</summary>
internal sealed class RunListingDetails(SqliteConnection connection)
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

    /// <param name="runs">The runs.</param>
    /// <param name="version">The number of the plan of the runs; null for current plans.</param>
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

    /// <summary>For each run with unshared stages, the time of the first attempt at an unshared stage.</summary>
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

    /// <summary>The values of the primary metric, from the first role that measured it.</summary>
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
