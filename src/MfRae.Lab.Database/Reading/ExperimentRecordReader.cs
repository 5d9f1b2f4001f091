using Dapper;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Core.Statistics;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Reading;

/// <summary>Reads everything about a plan of an experiment.</summary>
internal sealed class ExperimentRecordReader(SqliteConnection connection)
{
    /// <summary>The current plan, with all versions if there are several.</summary>
    /// <param name="name">The name of the experiment.</param>
    /// <param name="outline">Whether to leave out versions, curves, images, logs and the texts of files.</param>
    public ExperimentRecord? Read(string name, bool outline = false)
    {
        var plan = connection.QuerySingleOrDefault<long?>("SELECT plan FROM experiments WHERE experiment = @name", new { name });
        if (plan is null || Read(plan.Value, outline) is not { } record)
        {
            return null;
        }

        if (outline)
        {
            return record;
        }

        // The times of the current plan change with each run, even if nothing is computed, so they are not part of a report.
        var versions = Plans(name).Count < 2 ? [] : Versions(name);
        return versions.Count < 2 ? record : record with
        {
            Versions = [.. versions.Select(version => version.Current ? version with { FirstRun = null, LastRun = null } : version)],
        };
    }

    /// <summary>The plan with a number, under the name `NAME@NUMBER`, or null if it does not exist.</summary>
    public ExperimentRecord? Read(string name, int number) =>
        Plans(name).Find(plan => plan.Version == number) is { } version && Read(version.Plan, outline: false) is { } record
            ? record with { Name = $"{name}@{number}" }
            : null;

    /// <summary>All plans of an experiment in the order of their first runs. A plan without arms has no runs and cannot be read.</summary>
    public IReadOnlyList<PlanVersion> Versions(string name)
    {
        var plans = Plans(name).ConvertAll(plan => (plan, Record: Read(plan.Plan, outline: true)));
        return plans.Exists(plan => plan.Record is null) ? [] : PlanHistory.Of(plans.ConvertAll(item => new RecordedPlan(
            item.Record!,
            item.plan.Evaluation,
            item.plan.Current,
            item.plan.FirstRun,
            item.plan.LastRun)));
    }

    private List<VersionRow> Plans(string name)
    {
        using var reader = connection.ExecuteReader(
            "SELECT version, plan, current, evaluation, first_run, last_run FROM versions WHERE experiment = @name ORDER BY version",
            new { name });
        var rows = new List<VersionRow>();
        while (reader.Read())
        {
            rows.Add(new(
                reader.GetInt32(0),
                reader.GetInt64(1),
                reader.GetInt64(2) != 0,
                reader.GetString(3),
                reader.IsDBNull(4) ? null : StoredText.Time(reader.GetString(4)),
                reader.IsDBNull(5) ? null : StoredText.Time(reader.GetString(5))));
        }

        return rows;
    }

    /// <param name="plan">The id of the plan.</param>
    /// <param name="outline">Whether to leave out curves, images, logs and the texts of files.</param>
    private ExperimentRecord? Read(long plan, bool outline)
    {
        var row = connection.QuerySingleOrDefault<ExperimentRow>(
            """
            SELECT id AS plan, name AS experiment, path, question, expectation, primary_metric AS primaryMetric, plan_hash AS planHash,
              overrides, title, smallest_relevant_effect AS effect, contrasts
            FROM experiment
            WHERE id = @plan
            """,
            new { plan });
        if (row is null || Arms(row.Plan) is not { Count: > 0 } arms)
        {
            return null;
        }

        var runs = Runs(row.Plan);
        return new ExperimentRecord(
            row.Experiment,
            row.Path,
            row.Question,
            row.Expectation,
            row.PrimaryMetric,
            row.PlanHash,
            StoredText.List(row.Overrides),
            arms,
            runs.Where(run => !run.Pilot).Select(run => run.Seed).Distinct().ToList(),
            runs,
            new StageReader(connection).Read(row.Plan, outline),
            row.Title,
            outline ? null : Files(row.Plan),
            SmallestRelevantEffect: row.Effect,
            Contrasts: StoredText.Contrasts(row.Contrasts));
    }

    /// <summary>All options of an arm of the current plan, as JSON.</summary>
    public string? Options(string experiment, string arm) => connection.ExecuteScalar<string?>(
        "SELECT a.options FROM experiments e JOIN arm a ON a.experiment = e.plan WHERE e.experiment = @experiment AND a.name = @arm",
        new { experiment, arm });

    /// <returns>The experiment files, or null for a plan from before the database stored them.</returns>
    public List<WrittenFile>? Files(long plan)
    {
        var files = connection.Query<WrittenFile>(
            "SELECT path, text, omitted FROM written_file WHERE experiment = @plan ORDER BY position", new { plan }).ToList();
        return files.Count > 0 ? files : null;
    }

    public List<ArmRecord> Arms(long plan) => connection.Query<ArmRow>(
            "SELECT name, baseline, differences, options, title, levels FROM arm WHERE experiment = @plan ORDER BY position",
            new { plan })
        .Select(arm => new ArmRecord(
            arm.Name,
            arm.Baseline != 0,
            StoredText.Pairs(arm.Differences),
            arm.Options,
            arm.Title,
            arm.Levels is null ? null : StoredText.Pairs(arm.Levels)))
        .ToList();

    private List<RunRecord> Runs(long plan)
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
                SELECT r.id, r.arm, r.seed, r.pilot, t.name AS status
                FROM run r
                JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
                JOIN (
                  SELECT m.run, max(s.severity) AS severity
                  FROM run_stage m
                  JOIN stage_total s ON s.stage = m.stage
                  WHERE m.experiment = @plan
                  GROUP BY m.run
                ) worst ON worst.run = r.id
                JOIN status t ON t.severity = worst.severity
                WHERE r.experiment = @plan
                ORDER BY a.position, r.position
                """,
                new { plan })
            .Select(run => new RunRecord(
                run.Id, run.Arm, run.Seed, run.Status, stages[run.Id].ToDictionary(row => row.Role, row => row.Stage), run.Pilot != 0))
            .ToList();
    }

    private sealed record ExperimentRow(
        long Plan, string Experiment, string Path, string Question, string Expectation, string PrimaryMetric, string PlanHash,
            string Overrides,
        string? Title, double? Effect, string Contrasts);

    private sealed record VersionRow(
        int Version, long Plan, bool Current, string Evaluation, DateTimeOffset? FirstRun, DateTimeOffset? LastRun);

    private sealed record ArmRow(string Name, long Baseline, string Differences, string Options, string? Title, string? Levels);

    private sealed record RunRow(string Id, string Arm, long Seed, long Pilot, string Status);

    private sealed record RoleRow(string Run, string Role, string Stage);
}

/// <summary>Reads stages of a plan with everything they reported that is still valid.</summary>
internal sealed class StageReader(SqliteConnection connection)
{
    /// <summary>The stages in plan order; each stage follows its inputs.</summary>
    /// <param name="plan">The id of the plan.</param>
    /// <param name="outline">Whether to leave out curves, images and logs.</param>
    public IReadOnlyList<StageRecord> Read(long plan, bool outline) =>
        Read("SELECT stage FROM plan_stage WHERE experiment = @plan", new { plan }, outline);

    /// <summary>The stages of one run, in plan order, without curves, images and logs.</summary>
    public IReadOnlyList<StageRecord> Read(long plan, string run) =>
        Read("SELECT stage FROM run_stage WHERE experiment = @plan AND run = @run", new { plan, run }, outline: true);

    private List<StageRecord> Read(string keys, object parameters, bool outline)
    {
        var results = new ResultReader(connection, keys, parameters);
        var inputs = connection.Query<InputRow>(
            $"SELECT stage, name, input FROM stage_input WHERE stage IN ({keys}) ORDER BY stage, name", parameters).ToLookup(
                row => row.Stage);
        var attempts = results.Attempts(outline);
        var measurements = results.Measurements();
        var series = outline ? null : results.Series();
        var images = outline ? null : results.Images();
        return connection.Query<StageRow>(
                $"""
                SELECT s.key, s.kind, p.label, s.status, s.reason, s.seed, s.definition
                FROM plan_stage p
                JOIN stage s ON s.key = p.stage
                WHERE p.experiment = @plan AND p.stage IN ({keys})
                ORDER BY p.position
                """,
                parameters)
            .Select(row => new StageRecord(
                row.Key,
                row.Kind,
                row.Label,
                row.Status,
                row.Reason,
                row.Seed,
                row.Definition,
                inputs[row.Key].ToDictionary(input => input.Name, input => input.Input),
                attempts[row.Key].ToList(),
                measurements[row.Key].ToList(),
                series?[row.Key].ToList() ?? [],
                images?[row.Key].ToList() ?? []))
            .ToList();
    }

    private sealed record StageRow(string Key, string Kind, string Label, string Status, string? Reason, long? Seed, string Definition);

    private sealed record InputRow(string Stage, string Name, string Input);
}
