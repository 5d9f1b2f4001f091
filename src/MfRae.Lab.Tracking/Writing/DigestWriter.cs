using MfRae.Lab.Tracking.Reading;

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
            var points = SeriesPoints.Read(writer.Connection, series);
            writer.Execute(
                "INSERT INTO digest (series, buckets) VALUES (@series, @packed) ON CONFLICT (series) DO UPDATE SET buckets = excluded.buckets",
                new { series, packed = CurveDigest.Pack(points) });
        }
    }
}
