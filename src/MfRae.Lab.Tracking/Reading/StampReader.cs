using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using MfRae.Lab.Core;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>
/// Tells whether what the database says of an experiment has changed, without reading it: how far each attempt's journal was taken in
/// stands for all that the journal told.
/// </summary>
internal sealed class StampReader(SqliteConnection connection)
{
    /// <summary>Another number than before where another connection has written since.</summary>
    public long Version() => connection.ExecuteScalar<long>("PRAGMA data_version");

    /// <summary>A hash, or null where there is no such experiment.</summary>
    public string? Of(string experiment)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // What people wrote is little, and the list of experiments may show that of any.
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(new MarkReader(connection).Read(), LabJson.Default.Marks));
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
