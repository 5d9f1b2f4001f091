using Dapper;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Upkeep;
using MfRae.Lab.Tracking.Writing;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Lists and shows runs.</summary>
internal sealed class RunReader(SqliteConnection connection)
{
    private const int ListedCandidates = 10;
    private const int ShownDigits = 12;

    // As the view `runs`, of one plan.
    private const string OfVersion =
        """
        (
          SELECT v.experiment, r.id AS run, r.arm, a.baseline, r.seed, t.name AS status, w.stages, w.completed, w.started, w.wall_seconds
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
            SELECT run, experiment, arm, baseline, seed, status, stages, completed, started, wall_seconds
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
                reader.GetDouble(9)));
        }

        return runs;
    }

    public RunDetail Show(string idPrefix)
    {
        // Two experiments may share a run. It is the same run then; the one planned last gives the stages their labels.
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
                found.Count == 0 ? $"no run's id starts with \"{PrintableText.Of(idPrefix)}\"; ls lists the runs" : Ambiguous(idPrefix, found));
        }

        var plans = connection.Query<PlanRow>("SELECT name, id FROM experiment ORDER BY planned DESC")
            .DistinctBy(plan => plan.Name)
            .ToList();
        var plan = plans.First(plan => found.Single().Any(run => run.Experiment == plan.Name));
        return Detail(plan.Id, found.Single().Single(run => run.Experiment == plan.Name));
    }

    /// <summary>The one run of earlier versions whose id starts with these digits, as it is in the last of them; null where none or several do.</summary>
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
        return $"\"{idPrefix}\" begins the ids of {found.Count} runs: {string.Join(", ", candidates)}{more}; give more digits";
    }

    private sealed record PlanRow(string Name, long Id);

    private sealed record EarlierRow(string Experiment, long Plan, string Run);

    private sealed record RoleRow(string Role, string Stage);
}
