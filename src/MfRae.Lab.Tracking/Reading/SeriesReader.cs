using Dapper;
using MfRae.Lab.Core.Tracking;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Reading;

/// <summary>Reads the curves of stages: short ones point by point, long ones from their digests.</summary>
/// <param name="keys">A subquery for the keys of the stages.</param>
internal sealed class SeriesReader(SqliteConnection connection, string keys, object parameters)
{
    /// <summary>By stage key, in the order of the names.</summary>
    public ILookup<string, SeriesRecord> Read() => connection.Query<PieceRow>(
            $"""
            SELECT a.stage, c.name, c.id AS series, a.valid_through AS validThrough, d.buckets
            FROM attempt a
            JOIN series c ON c.attempt = a.id
            LEFT JOIN digest d ON d.series = c.id
            WHERE a.stage IN ({keys}) AND coalesce(a.valid_through, 0) >= 0
            ORDER BY a.stage, c.name, a.generation, a.number
            """,
            parameters)
        .GroupBy(row => (row.Stage, row.Name))
        .Select(pieces => (pieces.Key.Stage, Record: Join(pieces.Key.Name, [.. pieces])))
        .Where(series => series.Record is not null)
        .ToLookup(series => series.Stage, series => series.Record!);

    /// <summary>
    /// The pieces that attempts reported follow one another: a later attempt holds after the step that it went on from. They are gathered
    /// together, so that a curve does not depend on how often it was interrupted.
    /// </summary>
    private SeriesRecord? Join(string name, IReadOnlyList<PieceRow> pieces)
    {
        if (pieces is [{ ValidThrough: null, Buckets: { } packed }])
        {
            return new(name, [], [], [.. CurveDigest.Unpack(packed)]);
        }

        var points = pieces.SelectMany(piece => SeriesPoints.Read(connection, piece.Series, piece.ValidThrough ?? long.MaxValue)).ToList();
        return points.Count == 0 ? null
            : points.Count > CurveDigest.MostPoints ? new(name, [], [], [.. CurveDigest.Unpack(CurveDigest.Pack(points))])
            : new(name, [.. points.Select(point => point.Step)], [.. points.Select(point => point.Value)]);
    }

    private sealed record PieceRow(string Stage, string Name, long Series, long? ValidThrough, byte[]? Buckets);
}
