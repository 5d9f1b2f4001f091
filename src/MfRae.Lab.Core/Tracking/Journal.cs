using System.Runtime.ExceptionServices;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tracking;

/// <summary>
/// Writes `journal.ATTEMPT.jsonl`. A stage's thread only puts events into a queue; a thread of the journal's own makes lines of them
/// and hands many at once to the operating system, so that reporting takes no time from training.
/// </summary>
public sealed class Journal : IJournal, IDisposable
{
    /// <summary>Where the file is behind by so many events, the stage waits for it instead of filling the memory.</summary>
    internal const int Capacity = 100_000;

    // After a batch, events gather for so long, so that a busy stage does not wake the thread for each of them.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    private readonly object gate = new();
    private readonly TimeProvider time;
    private readonly JournalAppender file;
    private readonly Thread thread;
    private List<JournalLine> waiting = [];
    private long taken;
    private long written;
    private bool due;
    private bool urgent;
    private bool idle;
    private bool ended;
    private bool told;
    private Exception? failure;

    /// <exception cref="IOException">The attempt has a journal already.</exception>
    public Journal(string folder, int attempt, TimeProvider time)
        : this(Open(Path.Combine(folder, JournalFile.NameOf(attempt)), FileMode.CreateNew), 0, time)
    {
    }

    internal Journal(Stream stream, long seq, TimeProvider time)
    {
        file = new JournalAppender(stream);
        taken = written = seq;
        this.time = time;
        thread = new Thread(Work) { IsBackground = true, Name = "journal" };
        thread.Start();
    }

    /// <summary>How many events are taken and not with the operating system.</summary>
    internal long Waiting
    {
        get
        {
            lock (gate)
            {
                return taken - written;
            }
        }
    }

    /// <summary>
    /// Writes the end of an attempt whose worker died before it could, after the last whole line. Returns what was written,
    /// or null where the journal had its end already.
    /// </summary>
    /// <exception cref="LabException">A complete line cannot be read; nothing was changed.</exception>
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
        using var journal = new Journal(stream, lines.Count == 0 ? 0 : lines[^1].Seq, time);
        journal.Write(finished);
        return finished;
    }

    public void Write(JournalEvent entry)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(ended, this);
            ThrowFailure();
            AwaitThrough(taken - Capacity + 1);
            waiting.Add(new JournalLine(++taken, time.GetUtcNow(), entry));
            due = true;
            // A thread that is at work, or lets events gather, finds this one by itself; to wake it costs a system call.
            if (idle)
            {
                idle = false;
                Monitor.PulseAll(gate);
            }
        }

        if (entry is FinishedEvent)
        {
            Flush();
        }
    }

    public void Flush()
    {
        lock (gate)
        {
            ThrowFailure();
            AwaitThrough(taken);
        }
    }

    /// <summary>Writes what is left, down to the disk.</summary>
    /// <exception cref="IOException">It could not be written, and nobody has been told so.</exception>
    public void Dispose()
    {
        lock (gate)
        {
            if (ended)
            {
                return;
            }

            ended = true;
            failure = null;
            Hurry();
        }

        thread.Join();
        try
        {
            file.Dispose();
        }
        catch (IOException error)
        {
            failure ??= error;
        }

        if (failure is { } lost && !told)
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
                file.Append(lines);
            }
            catch (Exception e)
            {
                // Whatever it is, it belongs to the stage, which hears of it when it next turns to the journal.
                error = e;
            }

            lock (gate)
            {
                written = Math.Max(written, file.LastSeq);
                failure = error;
                Monitor.PulseAll(gate);
                if (error is null && !urgent)
                {
                    Monitor.Wait(gate, Gathering);
                }
            }
        }
    }

    /// <summary>Waits for events, and exchanges the list of those that wait for an empty one.</summary>
    /// <returns>False when the journal has ended and all is written, or cannot be.</returns>
    private bool Next(ref List<JournalLine> lines)
    {
        lock (gate)
        {
            // A failure is tried again only after somebody has heard of it and asks for more.
            while ((!due || failure is not null) && !ended)
            {
                idle = true;
                Monitor.Wait(gate);
            }

            idle = false;
            if (ended && (failure is not null || written == taken))
            {
                return false;
            }

            (due, urgent) = (false, false);
            lines.Clear();
            (lines, waiting) = (waiting, lines);
            return true;
        }
    }

    private void AwaitThrough(long seq)
    {
        while (written < seq)
        {
            ObjectDisposedException.ThrowIf(ended, this);
            Hurry();
            Monitor.Wait(gate);
            ThrowFailure();
        }
    }

    private void Hurry()
    {
        (due, urgent) = (true, true);
        Monitor.PulseAll(gate);
    }

    /// <summary>Tells of a failure, once.</summary>
    private void ThrowFailure()
    {
        if (failure is { } error)
        {
            failure = null;
            told = true;
            due = false;
            ExceptionDispatchInfo.Throw(error);
        }
    }
}
