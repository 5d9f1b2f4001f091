using System.Runtime.ExceptionServices;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Journal;

/// <summary>
/// Writes `journal.ATTEMPT.jsonl`. The stage's thread only puts events into a queue; a background thread formats them and writes many lines
/// at once, so that reporting takes no time from training.
/// </summary>
public sealed class StageJournal : IJournal, IDisposable
{
    /// <summary>The largest number of queued events. The stage waits when the queue is full, so that memory stays bounded.</summary>
    internal const int Capacity = 100_000;

    // The pause after a batch, so that a busy stage does not wake the thread for each event.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    private readonly object _gate = new();
    private readonly TimeProvider _time;
    private readonly JournalAppender _file;
    private readonly Thread _thread;
    private List<JournalLine> _waiting = [];
    private long _taken;
    private long _written;
    private bool _due;
    private bool _urgent;
    private bool _idle;
    private bool _ended;
    private bool _told;
    private Exception? _failure;

    /// <summary>Creates the journal of an attempt and starts its background thread.</summary>
    /// <exception cref="IOException">The attempt already has a journal.</exception>
    public StageJournal(string folder, int attempt, TimeProvider time)
        : this(Open(Path.Combine(folder, JournalFile.NameOf(attempt)), FileMode.CreateNew), 0, time)
    {
    }

    internal StageJournal(Stream stream, long seq, TimeProvider time)
    {
        _file = new JournalAppender(stream);
        _taken = _written = seq;
        _time = time;
        _thread = new Thread(Work) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    /// <summary>The number of events that are accepted and not yet written.</summary>
    internal long Waiting
    {
        get
        {
            lock (_gate)
            {
                return _taken - _written;
            }
        }
    }

    /// <summary>
    /// Replaces the unfinished journal of a worker on another host by a copy. That worker may only have been stopped: what it writes when it
    /// continues must not change a file whose hash will be in a manifest.
    /// </summary>
    internal static void DetachOtherHost(string path)
    {
        var journaled = JournalReader.Read(path);
        if (journaled.Finished is null && journaled.Lines is [{ Event: StartedEvent started }, ..] && started.Host != Environment.MachineName)
        {
            AtomicFile.Write(path, File.ReadAllBytes(path));
        }
    }

    /// <summary>
    /// Writes the end of an attempt whose worker died without writing it, after the last complete line. Returns the event, or null if the
    /// journal already has an end.
    /// </summary>
    /// <exception cref="LabException">A complete line cannot be read; the file was not changed.</exception>
    public static FinishedEvent? Close(string path, string status, string error, TimeProvider time)
    {
        var journaled = JournalReader.Read(path);
        if (journaled.Finished is not null)
        {
            return null;
        }

        var (lines, end) = journaled;
        var wall = lines.Count == 0 ? 0 : (lines[^1].At - lines[0].At).TotalSeconds;
        var finished = new FinishedEvent(status, wall, 0, 0, error);
        var stream = Open(path, FileMode.Open);
        stream.SetLength(end);
        stream.Position = end;
        using var journal = new StageJournal(stream, lines.Count == 0 ? 0 : lines[^1].Seq, time);
        journal.Write(finished);
        return finished;
    }

    /// <inheritdoc/>
    public void Write(JournalEvent entry)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            ThrowFailure();
            AwaitThrough(_taken - Capacity + 1);
            _waiting.Add(new JournalLine(++_taken, _time.GetUtcNow(), entry));
            _due = true;
            // A busy or pausing thread finds this event by itself; waking it would cost a system call.
            if (_idle)
            {
                _idle = false;
                Monitor.PulseAll(_gate);
            }
        }

        if (entry is FinishedEvent)
        {
            Flush();
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        lock (_gate)
        {
            ThrowFailure();
            AwaitThrough(_taken);
        }
    }

    /// <summary>Writes the remaining events and flushes them to the disk.</summary>
    /// <exception cref="IOException">The events could not be written, and no earlier call has reported it.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _failure = null;
            Hurry();
        }

        _thread.Join();
        try
        {
            _file.Dispose();
        }
        catch (IOException error)
        {
            _failure ??= error;
        }

        if (_failure is { } lost && !_told)
        {
            ExceptionDispatchInfo.Throw(lost);
        }
    }

    private static FileStream Open(string path, FileMode mode) =>
        new(path, mode, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);

    private void Work()
    {
        var lines = new List<JournalLine>();
        while (Next(ref lines))
        {
            Exception? error = null;
            try
            {
                _file.Append(lines);
            }
            catch (Exception e)
            {
                // The stage gets the exception at its next call.
                error = e;
            }

            lock (_gate)
            {
                _written = Math.Max(_written, _file.LastSeq);
                _failure = error;
                Monitor.PulseAll(_gate);
                if (error is null && !_urgent)
                {
                    Monitor.Wait(_gate, Gathering);
                }
            }
        }
    }

    /// <summary>Waits for events and swaps the queue with an empty list.</summary>
    /// <returns>False when the journal has ended and all events are written or cannot be written.</returns>
    private bool Next(ref List<JournalLine> lines)
    {
        lock (_gate)
        {
            // A failed write is retried only after the stage has seen the failure and writes again.
            while ((!_due || _failure is not null) && !_ended)
            {
                _idle = true;
                Monitor.Wait(_gate);
            }

            _idle = false;
            if (_ended && (_failure is not null || _written == _taken))
            {
                return false;
            }

            (_due, _urgent) = (false, false);
            lines.Clear();
            (lines, _waiting) = (_waiting, lines);
            return true;
        }
    }

    private void AwaitThrough(long seq)
    {
        while (_written < seq)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            Hurry();
            Monitor.Wait(_gate);
            ThrowFailure();
        }
    }

    private void Hurry()
    {
        (_due, _urgent) = (true, true);
        Monitor.PulseAll(_gate);
    }

    /// <summary>Throws a pending failure, once.</summary>
    private void ThrowFailure()
    {
        if (_failure is { } error)
        {
            _failure = null;
            _told = true;
            _due = false;
            ExceptionDispatchInfo.Throw(error);
        }
    }
}

/// <summary>Appends complete lines to a journal's file, many at once. Lines that a full disk refuses are kept for the next call.</summary>
internal sealed class JournalAppender(Stream stream) : IDisposable
{
    private const int BatchBytes = 1 << 16;

    private readonly Queue<JournalLine> _lines = new();
    private readonly MemoryStream _batch = new();
    private long _lastOfBatch;

    /// <summary>The number of the last written line, or 0.</summary>
    public long LastSeq { get; private set; }

    /// <exception cref="IOException">Not all lines were written. The file ends with a complete line, and the next call continues after it.</exception>
    public void Append(IEnumerable<JournalLine> more)
    {
        foreach (var line in more)
        {
            _lines.Enqueue(line);
        }

        do
        {
            while (_batch.Length < BatchBytes && _lines.TryPeek(out var line))
            {
                var bytes = JsonSerializer.SerializeToUtf8Bytes(line with { Event = Finite(line.Event) }, LabJson.Default.JournalLine);
                _batch.Write(bytes);
                _batch.WriteByte((byte)'\n');
                _lastOfBatch = line.Seq;
                _lines.Dequeue();
            }

            WriteBatch();
        }
        while (_lines.Count > 0);
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
        var bytes = _batch.GetBuffer().AsSpan(0, (int)_batch.Length);
        try
        {
            stream.Write(bytes);
        }
        catch (IOException)
        {
            KeepWholeLines(end, bytes);
            throw;
        }

        _batch.SetLength(0);
        LastSeq = _lastOfBatch;
    }

    /// <summary>
    /// Removes a partial line after a full disk accepted only the beginning of a batch. Complete lines stay, because a reader may have seen
    /// them.
    /// </summary>
    private void KeepWholeLines(long end, ReadOnlySpan<byte> bytes)
    {
        var taken = bytes[..(int)Math.Clamp(stream.Length - end, 0, bytes.Length)];
        var whole = taken.LastIndexOf((byte)'\n') + 1;
        stream.SetLength(end + whole);
        stream.Position = end + whole;
        var rest = bytes[whole..].ToArray();
        LastSeq = _lastOfBatch - rest.AsSpan().Count((byte)'\n');
        _batch.SetLength(0);
        _batch.Write(rest);
    }

    /// <summary>Replaces NaN, which JSON does not have, by null: reporting must not fail at the moment when training diverges.</summary>
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
