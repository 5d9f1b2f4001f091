using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>
/// Takes in lines of one attempt's journal. The result depends on the journals alone, not on how their lines were cut into
/// batches, how often they were told, or which attempt was told first.
/// </summary>
/// <param name="completes">Whether measurements of earlier versions get the rest of their identity at once. Otherwise
/// <see cref="IdentityWriter"/> has to add it when the stages behind them are known.</param>
internal sealed class JournalWriter(Writer writer, string stage, int number, string folder, bool completes = true)
{
    private AttemptState attempt = new();
    private PointWriter points = new(writer, 0);
    private bool measured;
    private bool finished;

    public void Write(IReadOnlyList<JournalLine> lines)
    {
        var ordered = lines.OrderBy(line => line.Seq).ToList();
        attempt = new AttemptFinder(writer, stage, number).FindOrBegin(ordered[0]);
        points = new PointWriter(writer, attempt.Id);
        var before = (attempt.LastSeq, attempt.KeepsThrough);
        var fresh = ordered.Where(line => line.Seq > attempt.LastSeq).DistinctBy(line => line.Seq).ToList();
        foreach (var line in fresh)
        {
            if (line.Seq != attempt.LastSeq + 1)
            {
                throw new LabException(
                    $"the journal of the stage {stage}, attempt {number}, goes from line {attempt.LastSeq} to line {line.Seq}: lines "
                        + "are missing. "
                    + $"Remove {folder} and run again; the stage is then computed anew.");
            }

            Take(line);
            attempt.LastSeq = line.Seq;
        }

        if (fresh.Count > 0)
        {
            // An event of a newer version may follow the end: it does not make the attempt longer.
            Finish(fresh.FindLast(line => line.Event is not NewerEvent)?.At, rewound: before.LastSeq == 0 || before.KeepsThrough != attempt.KeepsThrough);
        }

        if (ordered.FindLast(line => line.Event is not NewerEvent)?.Event is FinishedEvent { Status: var status } && AttemptStatus.IsFailure(status))
        {
            KeepLog();
        }
    }

    /// <summary>Also where the line is known: the worker may have gone on printing after it. What is kept stays when the file has gone.</summary>
    private void KeepLog() => writer.Execute(
        "UPDATE attempt SET log = coalesce(@log, log) WHERE id = @Id", new { log = WorkerOutput.Tail(folder, number), attempt.Id });

    private void Take(JournalLine line)
    {
        switch (line.Event)
        {
            case StartedEvent started:
                Start(started);
                break;
            case ResumedEvent resumed:
                attempt.Rewinds(resumed.Step);
                writer.Execute("UPDATE attempt SET resumed_from = @Step WHERE id = @Id", new { resumed.Step, attempt.Id });
                break;
            case MetricsEvent metrics:
                attempt.Reports();
                if (metrics.Step <= attempt.KeepsThrough)
                {
                    // It computed a step again that it had said to keep: its own value holds from there on.
                    attempt.Rewinds(metrics.Step - 1);
                }

                points.Add(metrics.Step, line.At.ToUnixTimeMilliseconds() - attempt.Began, metrics.Values);
                break;
            case MeasuredEvent measurement:
                attempt.Reports();
                Measure(line.Seq, measurement.Measurement);
                break;
            case ImageEvent image:
                attempt.Reports();
                new ImageWriter(writer, stage, folder).Write(attempt.Id, line.Seq, image);
                break;
            case CheckpointEvent:
                attempt.Reports();
                break;
            case FinishedEvent end:
                End(end);
                break;
            default:
                // Progress is for the screen: the curves say how far a stage came. What a newer version told is left to it.
                break;
        }
    }

    private void Start(StartedEvent started)
    {
        writer.Execute(
            "UPDATE attempt SET host = @Host, pid = @Pid, boot_id = @BootId, device = @Device, threads = @Threads WHERE id = @Id",
            new { started.Host, started.Pid, started.BootId, started.Device, started.Threads, attempt.Id });
        if (started.Origin is { } origin)
        {
            new OriginWriter(writer).Write(attempt.Id, origin);
        }

        // One stage runs once at a time: what an attempt before this one left open was cut short.
        writer.Execute(
            """
            UPDATE attempt SET status = 'interrupted'
            WHERE stage = @stage AND status = 'running' AND (generation, number) < (@Generation, @number)
            """,
            new { stage, attempt.Generation, number });
    }

    private void Measure(long seq, Measurement measurement)
    {
        measured = true;
        writer.Execute(
            """
            INSERT INTO measurement (stage, attempt, seq, superseded, metric, value, low, high, samples, steps, guidance, labels,
              extractor, preprocessing, reference, higher_is_better, device, noise, setting)
            VALUES (@stage, @Id, @seq, 0, @Metric, @value, @low, @high, @Samples, @Steps, @Guidance, @Labels,
              @Extractor, @Preprocessing, @Reference, @higher, @Device, @Noise, @Setting)
            """,
            new
            {
                stage,
                attempt.Id,
                seq,
                measurement.Metric,
                value = Finite(measurement.Value),
                low = Finite(measurement.Low),
                high = Finite(measurement.High),
                measurement.Samples,
                measurement.Steps,
                measurement.Guidance,
                measurement.Labels,
                measurement.Extractor,
                measurement.Preprocessing,
                measurement.Reference,
                higher = measurement.HigherIsBetter is { } higher ? (higher ? 1L : 0L) : (long?)null,
                measurement.Device,
                measurement.Noise,
                measurement.Setting,
            });
    }

    private void End(FinishedEvent end)
    {
        finished = true;
        if (end.Status == "completed")
        {
            attempt.Reports();
        }

        writer.Execute(
            """
            UPDATE attempt SET status = @Status, wall_seconds = @wall, cpu_seconds = @cpu, peak_bytes = @PeakBytes, error = @Error
            WHERE id = @Id
            """,
            new
            {
                end.Status,
                wall = Finite(end.WallSeconds) ?? 0,
                cpu = Finite(end.CpuSeconds) ?? 0,
                end.PeakBytes,
                end.Error,
                attempt.Id,
            });
    }

    private void Finish(DateTimeOffset? last, bool rewound)
    {
        // Until it says how long it took, an attempt has lasted at least as long as its journal; so a killed one has its cost.
        var lasted = finished || last is not { } end ? 0 : (end - WallTime.Parse(attempt.Started)).TotalSeconds;
        writer.Execute(
            """
            UPDATE attempt SET last_seq = @LastSeq, keeps_through = @KeepsThrough, wall_seconds = max(wall_seconds, @lasted)
            WHERE id = @Id
            """,
            new { attempt.LastSeq, attempt.KeepsThrough, attempt.Id, lasted });
        points.Write();
        if (finished)
        {
            DigestWriter.Write(writer, attempt.Id);
        }

        if (measured && completes)
        {
            new IdentityWriter(writer).Complete(stage);
        }

        var supersession = new Supersession(writer, stage);
        if (rewound)
        {
            supersession.Rewind();
        }

        if (rewound || measured)
        {
            supersession.Measurements();
        }
    }

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
