using Dapper;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Puts together everything about the current plan of an experiment.</summary>
internal sealed class ExperimentReader(SqliteConnection connection)
{
    /// <param name="outline">Without curves, images, logs and the texts of files.</param>
    public ExperimentRecord? Read(string name, bool outline = false)
    {
        var row = connection.QuerySingleOrDefault<ExperimentRow>(
            """
            SELECT plan, experiment, path, question, expectation, primary_metric AS primaryMetric, plan_hash AS planHash, overrides,
              title
            FROM experiments
            WHERE experiment = @name
            """,
            new { name });
        if (row is null || Arms(row.Plan) is not { Count: > 0 } arms)
        {
            return null;
        }

        var runs = Runs(row.Plan, name);
        return new ExperimentRecord(
            row.Experiment,
            row.Path,
            row.Question,
            row.Expectation,
            row.PrimaryMetric,
            row.PlanHash,
            StoredText.List(row.Overrides),
            arms,
            runs.Select(run => run.Seed).Distinct().ToList(),
            runs,
            new StageReader(connection).Read(row.Plan, outline),
            row.Title,
            outline ? null : Files(row.Plan));
    }

    /// <summary>All options of an arm of the current plan, as JSON.</summary>
    public string? Options(string experiment, string arm) => connection.ExecuteScalar<string?>(
        "SELECT a.options FROM experiments e JOIN arm a ON a.experiment = e.plan WHERE e.experiment = @experiment AND a.name = @arm",
        new { experiment, arm });

    /// <returns>Null where the plan was begun before files were kept.</returns>
    public List<WrittenFile>? Files(long plan)
    {
        var files = connection.Query<WrittenFile>(
            "SELECT path, text, omitted FROM written_file WHERE experiment = @plan ORDER BY position", new { plan }).ToList();
        return files.Count > 0 ? files : null;
    }

    public List<ArmRecord> Arms(long plan) => connection.Query<ArmRow>(
            "SELECT name, baseline, differences, options FROM arm WHERE experiment = @plan ORDER BY position",
            new { plan })
        .Select(arm => new ArmRecord(
            arm.Name,
            arm.Baseline != 0,
            StoredText.Pairs(arm.Differences),
            arm.Options))
        .ToList();

    private List<RunRecord> Runs(long plan, string experiment)
    {
        var stages = connection.Query<RoleRow>(
                """
                SELECT m.run, m.role, m.stage
                FROM run_stage m
                JOIN plan_stage p ON p.experiment = m.experiment AND p.stage = m.stage
                WHERE m.experiment = @plan
                ORDER BY p.position, m.role
                """,
                new { plan })
            .ToLookup(row => row.Run);
        return connection.Query<RunRow>(
                """
                SELECT v.run AS id, v.arm, v.seed, v.status
                FROM runs v
                JOIN run r ON r.experiment = @plan AND r.id = v.run
                JOIN arm a ON a.experiment = @plan AND a.name = r.arm
                WHERE v.experiment = @experiment
                ORDER BY a.position, r.position
                """,
                new { plan, experiment })
            .Select(run => new RunRecord(
                run.Id, run.Arm, run.Seed, run.Status, stages[run.Id].ToDictionary(row => row.Role, row => row.Stage)))
            .ToList();
    }

    private sealed record ExperimentRow(
        long Plan, string Experiment, string Path, string Question, string Expectation, string PrimaryMetric, string PlanHash,
            string Overrides,
        string? Title);

    private sealed record ArmRow(string Name, long Baseline, string Differences, string Options);

    private sealed record RunRow(string Id, string Arm, long Seed, string Status);

    private sealed record RoleRow(string Run, string Role, string Stage);
}
