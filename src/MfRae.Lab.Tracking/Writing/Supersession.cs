namespace MfRae.Lab.Tracking.Writing;

/// <summary>
/// Marks what a resume rewound. Nothing is deleted; of each (stage, series, step) and of each measurement's identity exactly
/// one row stays valid.
/// </summary>
internal sealed class Supersession(Writer writer, string stage)
{
    /// <summary>Points of earlier attempts after the step that this attempt went on from, and attempts of which nothing is left.</summary>
    public void Rewind(AttemptState attempt, int number)
    {
        writer.Execute(
            """
            UPDATE point SET superseded = 1
            WHERE superseded = 0 AND step > @KeepsThrough
              AND series IN (SELECT id FROM series WHERE stage = @stage)
              AND attempt IN (SELECT id FROM attempt WHERE stage = @stage AND (generation, number) < (@Generation, @number))
            """,
            new { attempt.KeepsThrough, stage, attempt.Generation, number });
        writer.Execute(
            """
            UPDATE attempt SET superseded = EXISTS (
              SELECT 1 FROM attempt later
              WHERE later.stage = attempt.stage AND (later.generation, later.number) > (attempt.generation, attempt.number)
                AND later.keeps_through < 0)
            WHERE stage = @stage
            """,
            new { stage });
    }

    /// <summary>Of the measurements with one identity the last holds, unless the attempt that made it is superseded.</summary>
    public void Measurements() => writer.Execute(
        """
        WITH ranked AS (
          SELECT m.attempt, m.seq, a.superseded OR row_number() OVER (
            PARTITION BY m.metric, m.samples, m.steps, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference, m.higher_is_better
            ORDER BY a.generation DESC, a.number DESC, m.seq DESC) > 1 AS superseded
          FROM measurement m
          JOIN attempt a ON a.id = m.attempt
          WHERE m.stage = @stage
        )
        UPDATE measurement SET superseded = ranked.superseded
        FROM ranked
        WHERE ranked.attempt = measurement.attempt AND ranked.seq = measurement.seq
        """,
        new { stage });
}
