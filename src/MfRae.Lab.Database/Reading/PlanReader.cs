using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Reading;

/// <summary>Reads plans and their stages.</summary>
internal sealed class PlanReader(SqliteConnection connection)
{
    public IReadOnlyList<string> Names() => connection.Query<string>("SELECT experiment FROM experiments ORDER BY experiment").ToList();

    public IReadOnlyList<(string Name, string Hash)> Plans() =>
        connection.Query<PlanRow>("SELECT name, plan_hash AS hash FROM experiment ORDER BY planned").Select(row => (row.Name, row.Hash)).ToList();

    public IReadOnlyList<string> LiveStages() => connection.Query<string>(
        """
        SELECT DISTINCT p.stage
        FROM experiments e
        JOIN plan_stage p ON p.experiment = e.plan
        WHERE e.archived = 0
        """).ToList();

    /// <summary>The stages of the current plan with the names of their states, inputs before users; empty if the experiment does not exist.</summary>
    public IReadOnlyList<(PlannedStage Stage, string Status)> States(string experiment)
    {
        if (connection.QuerySingleOrDefault<long?>("SELECT plan FROM experiments WHERE experiment = @experiment", new { experiment }) is not { } plan)
        {
            return [];
        }

        var states = connection.Query<StateRow>(
                "SELECT s.key, s.status FROM plan_stage p JOIN stage s ON s.key = p.stage WHERE p.experiment = @plan", new { plan })
            .ToDictionary(row => row.Key, row => row.Status);
        return Stages(plan).ConvertAll(stage => (stage, states[stage.Key]));
    }

    /// <summary>All plans, oldest first.</summary>
    public IReadOnlyList<PlanRecord> Records() => connection.Query<ExperimentRow>(
            """
            SELECT id, name, plan_hash AS hash, path, question, expectation, primary_metric AS primaryMetric, overrides, evaluation, title,
              first_run AS firstRun, last_run AS lastRun, smallest_relevant_effect AS effect, contrasts
            FROM experiment
            ORDER BY planned
            """)
        .ToList()
        .ConvertAll(row => new PlanRecord(
            1,
            row.LastRun is { } last ? StoredText.Time(last) : default,
            row.Name,
            row.Hash,
            row.Path,
            row.Question,
            row.Expectation,
            row.PrimaryMetric,
            JsonSerializer.Deserialize(row.Overrides, LabJson.Default.IReadOnlyListString)!,
            row.Evaluation,
            row.Title,
            new ExperimentRecordReader(connection).Arms(row.Id),
            Stages(row.Id),
            Runs(row.Id),
            Files: new ExperimentRecordReader(connection).Files(row.Id),
            FirstBegun: row.FirstRun is { } first ? StoredText.Time(first) : null,
            SmallestRelevantEffect: row.Effect,
            Contrasts: StoredText.Contrasts(row.Contrasts)));

    private List<PlannedStage> Stages(long plan)
    {
        var inputs = connection.Query<InputRow>(
            """
            SELECT i.stage, i.name, i.input
            FROM plan_stage p
            JOIN stage_input i ON i.stage = p.stage
            WHERE p.experiment = @plan
            """,
            new { plan }).ToLookup(row => row.Stage);
        return connection.Query<StageRow>(
                """
                SELECT s.key, s.kind, p.label, s.definition, s.seed
                FROM plan_stage p
                JOIN stage s ON s.key = p.stage
                WHERE p.experiment = @plan
                ORDER BY p.position
                """,
                new { plan })
            .Select(row => new PlannedStage(
                row.Key, row.Kind, row.Label, row.Definition, row.Seed, inputs[row.Key].ToDictionary(input => input.Name, input => input.Input)))
            .ToList();
    }

    private List<PlannedRun> Runs(long plan)
    {
        var roles = connection.Query<RoleRow>("SELECT run, role, stage FROM run_stage WHERE experiment = @plan", new { plan })
            .ToLookup(row => row.Run);
        return connection.Query<RunRow>("SELECT id, arm, seed, pilot FROM run WHERE experiment = @plan ORDER BY position", new { plan })
            .Select(row => new PlannedRun(row.Id, row.Arm, row.Seed, roles[row.Id].ToDictionary(role => role.Role, role => role.Stage), row.Pilot != 0))
            .ToList();
    }

    private sealed record ExperimentRow(
        long Id, string Name, string Hash, string Path, string Question, string Expectation, string PrimaryMetric, string Overrides,
        string Evaluation, string? Title, string? FirstRun, string? LastRun, double? Effect, string Contrasts);

    private sealed record StageRow(string Key, string Kind, string Label, string Definition, long? Seed);

    private sealed record StateRow(string Key, string Status);

    private sealed record InputRow(string Stage, string Name, string Input);

    private sealed record RunRow(string Id, string Arm, long Seed, long Pilot);

    private sealed record RoleRow(string Run, string Role, string Stage);

    private sealed record PlanRow(string Name, string Hash);
}

/// <summary>
/// Detects changes to the data of an experiment without reading the data: the number of ingested journal lines of each attempt stands for
/// their contents.
/// </summary>
internal sealed class StampReader(SqliteConnection connection)
{
    /// <summary>A number that changes when another connection writes to the database.</summary>
    public long Version() => connection.ExecuteScalar<long>("PRAGMA data_version");

    /// <summary>A hash, or null if the experiment does not exist.</summary>
    public string? Of(string experiment)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Annotations are short, and the list of experiments shows those of every experiment.
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(new AnnotationReader(connection).Read(), LabJson.Default.Annotations));
        using var rows = connection.ExecuteReader(
            """
            SELECT x.planned, x.plan_hash, s.key, s.status, s.reason, a.id, a.status, a.last_seq, a.valid_through, a.superseded,
              length(a.log)
            FROM experiment x
            LEFT JOIN plan_stage p ON p.experiment = x.id
            LEFT JOIN stage s ON s.key = p.stage
            LEFT JOIN attempt a ON a.stage = s.key
            WHERE x.name = @experiment
            ORDER BY x.id, p.position, a.generation, a.number
            """,
            new { experiment });
        var any = false;
        var values = new object[rows.FieldCount];
        while (rows.Read())
        {
            any = true;
            rows.GetValues(values);
            string[] texts = [.. values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(texts, LabJson.Default.IReadOnlyListString));
        }

        return any ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }
}
