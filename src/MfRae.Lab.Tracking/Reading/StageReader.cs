using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads the stages of a plan, or some of them, with everything they reported that still holds.</summary>
internal sealed class StageReader(SqliteConnection connection)
{
    /// <summary>The stages in plan order: inputs before users.</summary>
    /// <param name="outline">Without curves, images and logs.</param>
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
