using System.Buffers.Binary;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Writing;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database;

/// <summary>
/// A long series as a few hundred buckets, packed into one value, so that a report over millions of points reads thousands of rows. It
/// can always be recomputed from the points.
/// </summary>
internal static class CurveDigest
{
    /// <summary>The largest number of points that are read one by one.</summary>
    public const int MostPoints = 2048;

    private const int Buckets = 256;
    private const int Fields = 7;
    private const int BucketBytes = Fields * sizeof(long);

    /// <summary>Groups points into buckets of equal size. Every extreme of the series is an extreme of a bucket.</summary>
    public static byte[] Pack(IReadOnlyList<(long Step, double? Value)> points)
    {
        var count = Math.Min(Buckets, points.Count);
        var packed = new byte[count * BucketBytes];
        for (var i = 0; i < count; i++)
        {
            var (first, next) = ((int)((long)i * points.Count / count), (int)((long)(i + 1) * points.Count / count));
            var bucket = CurveBucket.Of(points[first].Step, points[first].Value);
            for (var point = first + 1; point < next; point++)
            {
                bucket = bucket.And(CurveBucket.Of(points[point].Step, points[point].Value));
            }

            Write(packed.AsSpan(i * BucketBytes, BucketBytes), bucket);
        }

        return packed;
    }

    public static IEnumerable<CurveBucket> Unpack(byte[] packed)
    {
        for (var at = 0; at + BucketBytes <= packed.Length; at += BucketBytes)
        {
            yield return Read(packed.AsSpan(at, BucketBytes));
        }
    }

    private static void Write(Span<byte> bytes, CurveBucket bucket)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bucket.FirstStep);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], bucket.LastStep);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], bucket.Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], bucket.Finite);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[32..], bucket.Sum);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[40..], bucket.Low);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[48..], bucket.High);
    }

    private static CurveBucket Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[32..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[40..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[48..]));
}

/// <summary>Computes the digests of an attempt's long series after the attempt has ended.</summary>
internal static class DigestWriter
{
    public static void Write(Writer writer, long attempt)
    {
        foreach (var series in writer.Query<long>(
            """
            SELECT c.id FROM series c
            WHERE c.attempt = @attempt AND (SELECT count(*) FROM point v WHERE v.series = c.id) > @most
            """,
            new { attempt, most = CurveDigest.MostPoints }).ToList())
        {
            var points = SeriesPoints.Read(writer.Connection, series);
            writer.Execute(
                "INSERT INTO digest (series, buckets) VALUES (@series, @packed) ON CONFLICT (series) DO UPDATE SET buckets = excluded.buckets",
                new { series, packed = CurveDigest.Pack(points) });
        }
    }
}

/// <summary>Reads a series point by point.</summary>
internal static class SeriesPoints
{
    /// <param name="connection">The database.</param>
    /// <param name="series">The id of the series.</param>
    /// <param name="through">The last step to read.</param>
    public static List<(long Step, double? Value)> Read(SqliteConnection connection, long series, long through = long.MaxValue)
    {
        // The command belongs to the connection's current transaction.
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT step, value FROM point WHERE series = @series AND step <= @through ORDER BY step";
        command.Parameters.AddWithValue("@series", series);
        command.Parameters.AddWithValue("@through", through);
        using var reader = command.ExecuteReader();
        var points = new List<(long, double?)>();
        while (reader.Read())
        {
            points.Add((reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetDouble(1)));
        }

        return points;
    }
}
