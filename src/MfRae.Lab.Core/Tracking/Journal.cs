using System.Text.Json;

namespace MfRae.Lab.Core.Tracking;

/// <summary>
/// Writes `journal.ATTEMPT.jsonl`. Every event goes to the operating system at once, so a killed worker has lost none;
/// above all none from before a checkpoint that it wrote, which no later attempt would write again.
/// </summary>
public sealed class Journal : IJournal, IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly FileStream stream;
    private long seq;

    /// <exception cref="IOException">The attempt has a journal already.</exception>
    public Journal(string folder, int attempt, TimeProvider time)
        : this(Open(Path.Combine(folder, JournalFile.NameOf(attempt)), FileMode.CreateNew), 0, time)
    {
    }

    private Journal(FileStream stream, long seq, TimeProvider time)
    {
        this.stream = stream;
        this.seq = seq;
        this.time = time;
    }

    /// <summary>
    /// Writes the end of an attempt whose worker died before it could, after the last whole line. Returns what was written,
    /// or null where the journal had its end already.
    /// </summary>
    public static FinishedEvent? Close(string path, string status, string error, TimeProvider time)
    {
        var (lines, end) = JournalReader.Read(path);
        if (lines is [.., { Event: FinishedEvent }])
        {
            return null;
        }

        var wall = lines.Count == 0 ? 0 : (lines[^1].At - lines[0].At).TotalSeconds;
        var finished = new FinishedEvent(status, wall, 0, 0, error);
        var stream = Open(path, FileMode.Open);
        stream.SetLength(end);
        stream.Position = end;
        using var journal = new Journal(stream, lines.Count == 0 ? 0 : lines[^1].Seq, time);
        journal.Write(finished);
        return finished;
    }

    public void Write(JournalEvent entry)
    {
        lock (gate)
        {
            var line = new JournalLine(seq + 1, time.GetUtcNow(), Finite(entry));
            byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, LabJson.Default.JournalLine), (byte)'\n'];
            var end = stream.Position;
            try
            {
                stream.Write(bytes);
            }
            catch (IOException)
            {
                // A full disk may have taken half of the line; nothing may follow that half.
                stream.SetLength(end);
                stream.Position = end;
                throw;
            }

            seq++;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (stream.CanWrite)
            {
                stream.Flush(flushToDisk: true);
            }

            stream.Dispose();
        }
    }

    private static FileStream Open(string path, FileMode mode) =>
        new(path, mode, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);

    /// <summary>JSON has no NaN, and the worst moment to fail over that is the one at which training diverges.</summary>
    private static JournalEvent Finite(JournalEvent entry) => entry switch
    {
        MetricsEvent metrics => metrics with { Values = metrics.Values.ToDictionary(value => value.Key, value => Finite(value.Value)) },
        MeasuredEvent { Measurement: var m } =>
            new MeasuredEvent(m with { Value = Finite(m.Value), Low = Finite(m.Low), High = Finite(m.High) }),
        _ => entry,
    };

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
