using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Database.Writing;

/// <summary>
/// Ingests lines of one attempt's journal. The result depends only on the journals, not on the batches in which their lines arrive, on
/// repetitions, or on the order of the attempts.
/// </summary>
/// <param name="writer">The transaction.</param>
/// <param name="stage">The key of the stage.</param>
/// <param name="number">The number of the attempt.</param>
/// <param name="folder">The current folder of the stage.</param>
/// <param name="completes">Whether measurements from earlier versions get their missing identity at once. Otherwise
/// <see cref="IdentityWriter"/> must add it when all stages are known.</param>
internal sealed class JournalWriter(Writer writer, string stage, int number, string folder, bool completes = true)
{
    private AttemptState _attempt = new();
    private PointWriter _points = new(writer, 0);
    private bool _measured;
    private bool _finished;

    public void Write(IReadOnlyList<JournalLine> lines)
    {
        var ordered = lines.OrderBy(line => line.Seq).ToList();
        _attempt = new AttemptFinder(writer, stage, number).FindOrBegin(ordered[0]);
        _points = new PointWriter(writer, _attempt.Id);
        var before = (_attempt.LastSeq, _attempt.KeepsThrough);
        var fresh = ordered.Where(line => line.Seq > _attempt.LastSeq).DistinctBy(line => line.Seq).ToList();
        foreach (var line in fresh)
        {
            if (line.Seq != _attempt.LastSeq + 1)
            {
                throw new LabException(
                    $"the journal of the stage {stage}, attempt {number}, goes from line {_attempt.LastSeq} to line {line.Seq}: lines "
                        + "are missing. "
                    + $"Remove {folder} and run again to recompute the stage.");
            }

            Take(line);
            _attempt.LastSeq = line.Seq;
        }

        if (fresh.Count > 0)
        {
            // An event from a newer version may follow the end; it does not make the attempt longer.
            Finish(fresh.FindLast(line => line.Event is not NewerEvent)?.At, rewound: before.LastSeq == 0 || before.KeepsThrough != _attempt.KeepsThrough);
        }

        if (ordered.FindLast(line => line.Event is not NewerEvent)?.Event is FinishedEvent { Status: var status } && AttemptStatus.IsFailure(status))
        {
            KeepLog();
        }
    }

    /// <summary>Stores the worker's output, even for a known line, since the worker may print more after it. Stored output survives its file.</summary>
    private void KeepLog() => writer.Execute(
        "UPDATE attempt SET log = coalesce(@log, log) WHERE id = @Id", new { log = WorkerOutput.Tail(folder, number), _attempt.Id });

    private void Take(JournalLine line)
    {
        switch (line.Event)
        {
            case StartedEvent started:
                Start(started);
                break;
            case ResumedEvent resumed:
                _attempt.Rewinds(resumed.Step);
                writer.Execute("UPDATE attempt SET resumed_from = @Step WHERE id = @Id", new { resumed.Step, _attempt.Id });
                break;
            case MetricsEvent metrics:
                _attempt.Reports();
                if (metrics.Step <= _attempt.KeepsThrough)
                {
                    // The attempt recomputed a step that it had announced to keep: its own values are valid from there on.
                    _attempt.Rewinds(metrics.Step - 1);
                }

                _points.Add(metrics.Step, line.At.ToUnixTimeMilliseconds() - _attempt.Began, metrics.Values);
                break;
            case MeasuredEvent measurement:
                _attempt.Reports();
                Measure(line.Seq, measurement.Measurement);
                break;
            case ImageEvent image:
                _attempt.Reports();
                new ImageWriter(writer, stage, folder).Write(_attempt.Id, line.Seq, image);
                break;
            case MicroBatchEvent parts:
                writer.Execute(
                    "UPDATE attempt SET micro_batch = @Samples, recompute = @Recompute WHERE id = @Id",
                    new { parts.Samples, parts.Recompute, _attempt.Id });
                break;
            case MachineEvent machine:
                Use(machine.Use);
                break;
            case CheckpointEvent:
                _attempt.Reports();
                break;
            case FinishedEvent end:
                End(end);
                break;
            default:
                // Progress is only for the screen, since the curves show the last step. Events of a newer version are ignored.
                break;
        }
    }

    private void Use(MachineUse use) => writer.Execute(
        """
        INSERT INTO machine_use (attempt, seconds, cores, memory, read_rate, write_rate, gpu, gpu_memory, gpu_watts, gpu_joules)
        VALUES (@Id, @seconds, @cores, @Memory, @read, @write, @gpu, @GpuMemory, @watts, @joules)
        ON CONFLICT DO NOTHING
        """,
        new
        {
            _attempt.Id,
            seconds = Finite(use.Seconds) ?? 0,
            cores = Finite(use.Cores),
            use.Memory,
            read = Finite(use.ReadRate),
            write = Finite(use.WriteRate),
            gpu = Finite(use.Gpu),
            use.GpuMemory,
            watts = Finite(use.GpuWatts),
            joules = Finite(use.GpuJoules),
        });

    private void Start(StartedEvent started)
    {
        writer.Execute(
            "UPDATE attempt SET host = @Host, pid = @Pid, boot_id = @BootId, device = @Device, threads = @Threads WHERE id = @Id",
            new { started.Host, started.Pid, started.BootId, started.Device, started.Threads, _attempt.Id });
        if (started.Origin is { } origin)
        {
            new OriginWriter(writer).Write(_attempt.Id, origin);
        }

        // A stage has one attempt at a time, so an earlier attempt without an end was interrupted.
        writer.Execute(
            """
            UPDATE attempt SET status = 'interrupted'
            WHERE stage = @stage AND status = 'running' AND (generation, number) < (@Generation, @number)
            """,
            new { stage, _attempt.Generation, number });
    }

    private void Measure(long seq, Measurement measurement)
    {
        _measured = true;
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
                _attempt.Id,
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
        _finished = true;
        if (end.Status == "completed")
        {
            _attempt.Reports();
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
                _attempt.Id,
            });
    }

    private void Finish(DateTimeOffset? last, bool rewound)
    {
        // An attempt without a reported duration lasted at least as long as its journal, so a killed attempt has a cost.
        var lasted = _finished || last is not { } end ? 0 : (end - WallTime.Parse(_attempt.Started)).TotalSeconds;
        writer.Execute(
            """
            UPDATE attempt SET last_seq = @LastSeq, keeps_through = @KeepsThrough, wall_seconds = max(wall_seconds, @lasted)
            WHERE id = @Id
            """,
            new { _attempt.LastSeq, _attempt.KeepsThrough, _attempt.Id, lasted });
        _points.Write();
        if (_finished)
        {
            DigestWriter.Write(writer, _attempt.Id);
        }

        if (_measured && completes)
        {
            new IdentityWriter(writer).Complete(stage);
        }

        var supersession = new Supersession(writer, stage);
        if (rewound)
        {
            supersession.Rewind();
        }

        if (rewound || _measured)
        {
            supersession.Measurements();
        }
    }

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}

/// <summary>Copies an image from a stage's folder into the database. The latest attempt's image of each name is kept.</summary>
internal sealed class ImageWriter(Writer writer, string stage, string folder)
{
    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    public void Write(long attempt, long seq, ImageEvent image)
    {
        var png = Read(image.File);
        writer.Execute(
            """
            INSERT INTO image (stage, name, attempt, seq, caption, png) VALUES (@stage, @Name, @attempt, @seq, @Caption, @png)
            ON CONFLICT (stage, name) DO UPDATE SET attempt = excluded.attempt, seq = excluded.seq, caption = excluded.caption,
              png = excluded.png
            WHERE EXISTS (
              SELECT 1 FROM attempt mine, attempt other
              WHERE mine.id = excluded.attempt AND other.id = image.attempt
                AND (mine.generation, mine.number) >= (other.generation, other.number))
            """,
            new { stage, image.Name, attempt, seq, image.Caption, png });
    }

    private byte[] Read(string file)
    {
        // The name comes from data: it must not lead out of the folder.
        if (!ArtifactName.IsName(file))
        {
            throw new LabException($"the journal of the stage {stage} has the image file name \"{file}\". A name may have letters, digits, '.', "
                + "'_' and '-', at most 128 characters, and must not be reserved by Windows.");
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(folder, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"the journal of the stage {stage} refers to the image {file}, which cannot be read from {folder}: {error.Message} "
                + "Remove that folder and run again to recompute the stage.",
                error);
        }

        return bytes.AsSpan().StartsWith(PngSignature)
            ? bytes
            : throw new LabException(
                $"{Path.Combine(folder, file)} is not a PNG image. Remove that folder and run again to recompute the stage.");
    }
}
