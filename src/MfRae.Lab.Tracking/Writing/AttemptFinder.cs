using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>Finds the attempt that lines of a journal belong to.</summary>
internal sealed class AttemptFinder(Writer writer, string stage, int number)
{
    private const string Columns =
        "id AS Id, generation AS Generation, last_seq AS LastSeq, started AS Started, began AS Began, keeps_through AS KeepsThrough";

    /// <param name="first">The first of the lines at hand. Line 1 tells an attempt from another one with the same number.</param>
    public AttemptState FindOrBegin(JournalLine first)
    {
        if (first.Seq != 1)
        {
            return Find("generation = (SELECT max(generation) FROM attempt WHERE stage = @stage)", "") ?? throw new LabException(
                $"the journal of the stage {stage}, attempt {number}, starts at line {first.Seq}: its beginning is missing. "
                + "Remove the stage's folder and run again; the stage is then computed anew.");
        }

        var started = WallTime.Text(first.At);
        return Find("started = @started", started) ?? Begin(started, first.At.ToUnixTimeMilliseconds());
    }

    private AttemptState? Find(string condition, string started) => writer.Query<AttemptState>(
        $"SELECT {Columns} FROM attempt WHERE stage = @stage AND number = @number AND {condition} ORDER BY generation DESC LIMIT 1",
        new { stage, number, started }).SingleOrDefault();

    private AttemptState Begin(string started, long began)
    {
        if (writer.Scalar<long>("SELECT count(*) FROM stage WHERE key = @stage", new { stage }) == 0)
        {
            throw new InvalidOperationException($"the stage {stage} is in no plan that was begun");
        }

        // The same number at another time: the store was emptied in between, and attempts count from 1 again.
        writer.Execute(
            """
            INSERT INTO attempt (stage, generation, number, last_seq, status, host, pid, boot_id, device, threads, started, began,
              wall_seconds, cpu_seconds, peak_bytes, superseded)
            SELECT @stage, coalesce(max(generation), 1) + coalesce(max(number = @number AND generation = newest), 0), @number, 0, 'running',
              '', 0, '', '', 0, @started, @began, 0.0, 0.0, 0, 0
            FROM (SELECT number, generation, max(generation) OVER () AS newest FROM attempt WHERE stage = @stage)
            """,
            new { stage, number, started, began });
        return Find("started = @started", started)!;
    }
}
