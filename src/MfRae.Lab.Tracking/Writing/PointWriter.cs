namespace MfRae.Lab.Tracking.Writing;

/// <summary>Writes points of curves.</summary>
internal sealed class PointWriter(Writer writer, string stage)
{
    public void Write(AttemptState attempt, int number, IReadOnlyList<PointRow> points)
    {
        if (points.Count == 0)
        {
            return;
        }

        // A later attempt may have been taken in before this one.
        var valid = writer.Scalar<long?>(
            "SELECT min(keeps_through) FROM attempt WHERE stage = @stage AND (generation, number) > (@Generation, @number)",
            new { stage, attempt.Generation, number }) ?? long.MaxValue;
        var series = points.Select(point => point.Name).Distinct().ToDictionary(name => name, Series);
        writer.Execute(
            """
            INSERT INTO point (series, step, attempt, value, wall, superseded)
            VALUES (@series, @Step, @attempt, @Value, @Wall, @superseded)
            ON CONFLICT (series, step, attempt) DO UPDATE SET value = excluded.value, wall = excluded.wall
            """,
            points.Select(point => new
            {
                series = series[point.Name],
                point.Step,
                attempt = attempt.Id,
                point.Value,
                point.Wall,
                superseded = point.Step > valid ? 1L : 0L,
            }));
    }

    private long Series(string name)
    {
        writer.Execute("INSERT INTO series (stage, name) VALUES (@stage, @name) ON CONFLICT (stage, name) DO NOTHING", new { stage, name });
        return writer.Scalar<long>("SELECT id FROM series WHERE stage = @stage AND name = @name", new { stage, name });
    }
}
