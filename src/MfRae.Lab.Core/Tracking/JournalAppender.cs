using System.Text.Json;

namespace MfRae.Lab.Core.Tracking;

/// <summary>Appends whole lines to a journal's file, many at once. What a full disk refused is kept for the next time.</summary>
internal sealed class JournalAppender(Stream stream) : IDisposable
{
    private const int BatchBytes = 1 << 16;

    private readonly Queue<JournalLine> lines = new();
    private readonly MemoryStream batch = new();
    private long lastOfBatch;

    /// <summary>The last line that is with the operating system, or 0.</summary>
    public long LastSeq { get; private set; }

    /// <exception cref="IOException">Not all was written. No half line is left, and the next call goes on where this one stopped.</exception>
    public void Append(IEnumerable<JournalLine> more)
    {
        foreach (var line in more)
        {
            lines.Enqueue(line);
        }

        do
        {
            while (batch.Length < BatchBytes && lines.TryPeek(out var line))
            {
                var bytes = JsonSerializer.SerializeToUtf8Bytes(line with { Event = Finite(line.Event) }, LabJson.Default.JournalLine);
                batch.Write(bytes);
                batch.WriteByte((byte)'\n');
                lastOfBatch = line.Seq;
                lines.Dequeue();
            }

            WriteBatch();
        }
        while (lines.Count > 0);
    }

    public void Dispose()
    {
        using (stream)
        {
            if (stream is FileStream file)
            {
                file.Flush(flushToDisk: true);
            }
        }
    }

    private void WriteBatch()
    {
        var end = stream.Position;
        var bytes = batch.GetBuffer().AsSpan(0, (int)batch.Length);
        try
        {
            stream.Write(bytes);
        }
        catch (IOException)
        {
            KeepWholeLines(end, bytes);
            throw;
        }

        batch.SetLength(0);
        LastSeq = lastOfBatch;
    }

    /// <summary>
    /// A full disk may have taken the beginning of a batch. A reader may have seen its whole lines, so these stay; nothing may
    /// follow half of one.
    /// </summary>
    private void KeepWholeLines(long end, ReadOnlySpan<byte> bytes)
    {
        var taken = bytes[..(int)Math.Clamp(stream.Length - end, 0, bytes.Length)];
        var whole = taken.LastIndexOf((byte)'\n') + 1;
        stream.SetLength(end + whole);
        stream.Position = end + whole;
        var rest = bytes[whole..].ToArray();
        LastSeq = lastOfBatch - rest.AsSpan().Count((byte)'\n');
        batch.SetLength(0);
        batch.Write(rest);
    }

    /// <summary>JSON has no NaN, and the worst moment to fail over that is the one at which training diverges.</summary>
    private static JournalEvent Finite(JournalEvent entry) => entry switch
    {
        MetricsEvent metrics when metrics.Values.Values.All(value => value is null || double.IsFinite(value.Value)) => metrics,
        MetricsEvent metrics => metrics with { Values = metrics.Values.ToDictionary(value => value.Key, value => Finite(value.Value)) },
        MeasuredEvent { Measurement: var m } =>
            new MeasuredEvent(m with { Value = Finite(m.Value), Low = Finite(m.Low), High = Finite(m.High) }),
        _ => entry,
    };

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
