namespace MfRae.Lab.Tracking.Writing;

/// <summary>
/// Notes what a resume rewound. Nothing is deleted; of each (stage, name of a series, step) and of each measurement's identity
/// exactly one row stays valid.
/// </summary>
internal sealed class Supersession(Writer writer, string stage)
{
    /// <summary>
    /// Up to which step each attempt holds: the least that a later attempt kept. The number of points does not matter.
    /// </summary>
    public void Rewind()
    {
        writer.Execute(
            """
            UPDATE attempt SET valid_through = (
              SELECT min(later.keeps_through) FROM attempt later
              WHERE later.stage = attempt.stage AND (later.generation, later.number) > (attempt.generation, attempt.number))
            WHERE stage = @stage;
            UPDATE attempt SET superseded = coalesce(valid_through < 0, 0) WHERE stage = @stage;
            """,
            new { stage });
    }

    /// <summary>Of the measurements with one identity the last holds, unless the attempt that made it is superseded.</summary>
    public void Measurements() => writer.Execute(
        """
        WITH ranked AS (
          SELECT m.attempt, m.seq, a.superseded OR row_number() OVER (
            PARTITION BY m.metric, m.samples, m.steps, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference, m.higher_is_better,
              m.device, m.noise, m.setting
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
