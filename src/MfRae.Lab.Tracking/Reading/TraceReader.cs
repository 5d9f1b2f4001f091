using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads the curves that explain a failure, of the attempt that failed alone.</summary>
/// <param name="keys">A subquery for the keys of the stages.</param>
internal sealed class TraceReader(SqliteConnection connection, string keys, object parameters)
{
    private static readonly string Failures = List(AttemptStatus.Failures);
    private static readonly string Names = List(FailureTrace.Names);

    /// <summary>By the attempt's id.</summary>
    public ILookup<long, SeriesRecord> Read() => connection.Query<SeriesRow>(
            $"""
            SELECT a.id AS attempt, c.name, c.id AS series, d.buckets
            FROM attempt a
            JOIN series c ON c.attempt = a.id
            LEFT JOIN digest d ON d.series = c.id
            WHERE a.stage IN ({keys}) AND a.status IN ({Failures}) AND c.name IN ({Names})
            ORDER BY a.id, c.name DESC
            """,
            parameters)
        .ToList()
        .ToLookup(row => row.Attempt, Record);

    private SeriesRecord Record(SeriesRow row)
    {
        if (row.Buckets is { } packed)
        {
            return new(row.Name, [], [], [.. CurveDigest.Unpack(packed)]);
        }

        // An attempt that was killed has no digest, whatever it reported.
        var points = SeriesPoints.Read(connection, row.Series);
        return points.Count > CurveDigest.MostPoints
            ? new(row.Name, [], [], [.. CurveDigest.Unpack(CurveDigest.Pack(points))])
            : new(row.Name, [.. points.Select(point => point.Step)], [.. points.Select(point => point.Value)]);
    }

    // Words of this program, without quotes in them.
    private static string List(IEnumerable<string> words) => string.Join(", ", words.Select(word => $"'{word}'"));

    private sealed record SeriesRow(long Attempt, string Name, long Series, byte[]? Buckets);
}
