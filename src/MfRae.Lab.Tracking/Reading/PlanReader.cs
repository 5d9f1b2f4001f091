using Dapper;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads which plans there are and what they need.</summary>
internal sealed class PlanReader(SqliteConnection connection)
{
    public IReadOnlyList<(string Name, string Hash)> Plans() =>
        connection.Query<PlanRow>("SELECT name, plan_hash AS hash FROM experiment ORDER BY planned").Select(row => (row.Name, row.Hash)).ToList();

    public IReadOnlyList<string> LiveStages() => connection.Query<string>(
        """
        SELECT DISTINCT p.stage
        FROM experiments e
        JOIN plan_stage p ON p.experiment = e.plan
        WHERE e.archived = 0
        """).ToList();

    private sealed record PlanRow(string Name, string Hash);
}
