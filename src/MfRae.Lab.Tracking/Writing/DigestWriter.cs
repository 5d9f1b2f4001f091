namespace MfRae.Lab.Tracking.Writing;

/// <summary>Makes the digests of an attempt's long series, once it has ended.</summary>
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
            WriteOne(writer, series);
        }
    }

    private static void WriteOne(Writer writer, long series)
    {
        var points = new List<(long, double?)>();
        using (var command = writer.Connection.CreateCommand())
        {
            command.Transaction = writer.Transaction;
            command.CommandText = "SELECT step, value FROM point WHERE series = @series ORDER BY step";
            command.Parameters.AddWithValue("@series", series);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                points.Add((reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetDouble(1)));
            }
        }

        writer.Execute(
            "INSERT INTO digest (series, buckets) VALUES (@series, @packed) ON CONFLICT (series) DO UPDATE SET buckets = excluded.buckets",
            new { series, packed = CurveDigest.Pack(points) });
    }
}
