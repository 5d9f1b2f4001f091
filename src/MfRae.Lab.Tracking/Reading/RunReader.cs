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

    public IReadOnlyList<RunListing> List(RunFilter filter)
    {
        using var reader = connection.ExecuteReader(
            """
            SELECT run, experiment, arm, baseline, seed, status, stages, completed, started, wall_seconds
            FROM runs
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
        if (found.Count != 1)
        {
            throw new LabException(
                found.Count == 0 ? $"no run's id starts with \"{PrintableText.Of(idPrefix)}\"; ls lists the runs" : Ambiguous(idPrefix, found));
        }

        var plans = connection.Query<PlanRow>("SELECT name, id FROM experiment ORDER BY planned DESC")
            .DistinctBy(plan => plan.Name)
            .ToList();
        var plan = plans.First(plan => found.Single().Any(run => run.Experiment == plan.Name));
        var run = found.Single().Single(run => run.Experiment == plan.Name);
        var stages = new StageReader(connection).Read(plan.Id, run.Id).ToDictionary(stage => stage.Key);
        var roles = connection.Query<RoleRow>(
            """
            SELECT m.role, m.stage
            FROM run_stage m
            JOIN plan_stage p ON p.experiment = m.experiment AND p.stage = m.stage
            WHERE m.experiment = @Plan AND m.run = @Run
            ORDER BY p.position, m.role
            """,
            new { Plan = plan.Id, Run = run.Id });
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

    private sealed record RoleRow(string Role, string Stage);
}
