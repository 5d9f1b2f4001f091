using System.Runtime.ExceptionServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// When a stage writes its checkpoints: after a fixed time, or so seldom that writing takes at most 2 % of the time, where the cost of the
/// next checkpoint is that of the last one.
/// </summary>
/// <param name="fixedSeconds">Seconds between two checkpoints; null: they follow from the cost.</param>
public sealed class CheckpointSchedule(int? fixedSeconds, TimeProvider time)
{
    private const double MostShare = 0.02;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(15);

    private long _since = time.GetTimestamp();
    private TimeSpan _interval = Interval(fixedSeconds, TimeSpan.Zero);

    /// <summary>Whether it is time for the next checkpoint.</summary>
    public bool IsDue => time.GetElapsedTime(_since) >= _interval;

    /// <summary>A checkpoint begins now: the next interval begins too.</summary>
    public void Begin() => _since = time.GetTimestamp();

    /// <summary>The checkpoint is complete, and took this time.</summary>
    public void End(TimeSpan cost) => _interval = Interval(fixedSeconds, cost);

    /// <summary>The time from the beginning of a checkpoint to the beginning of the next one.</summary>
    /// <param name="cost">The time that writing a checkpoint takes.</param>
    public static TimeSpan Interval(int? fixedSeconds, TimeSpan cost) => fixedSeconds is { } seconds
        ? TimeSpan.FromSeconds(seconds)
        : TimeSpan.FromSeconds(Math.Clamp(cost.TotalSeconds / MostShare, Least.TotalSeconds, Most.TotalSeconds));
}

/// <summary>
/// Writes the checkpoints of a training. At the end of an interval the training copies its state and continues, and a thread writes and
/// hashes the copy. Where the copy would take more than half of the available memory, the training writes its state itself and waits.
/// At most one checkpoint is being written. All members are called on the thread of the training.
/// </summary>
/// <param name="available">The memory in bytes that the process can still allocate.</param>
public sealed class CheckpointWriter(Checkpoint checkpoint, StageContext context, Func<long> available) : IDisposable
{
    private const int LeastCopiesThatFit = 2;

    private readonly CheckpointSchedule _schedule = new(context.Spec.Settings.CheckpointSeconds, context.Time);
    private BackgroundWrite? _write;

    /// <summary>Writes a checkpoint if its time has come, and reports the previous checkpoint if it has been written.</summary>
    /// <exception cref="IOException">This or the previous checkpoint could not be written.</exception>
    public void WriteIfDue(long step)
    {
        if (_write is { IsComplete: true })
            Complete();
        if (_write is not null || !_schedule.IsDue)
            return;
        if (checkpoint.Bytes > available() / LeastCopiesThatFit)
        {
            WriteNow(step);
            return;
        }
        var started = context.Time.GetTimestamp();
        _write = new(checkpoint, Begin(step, copy: true), context.Time, started);
    }

    /// <summary>Writes a checkpoint, after the previous checkpoint has been written.</summary>
    /// <exception cref="IOException">This or the previous checkpoint could not be written.</exception>
    public void WriteNow(long step)
    {
        if (_write is not null)
            Complete();
        var started = context.Time.GetTimestamp();
        using var state = Begin(step, copy: false);
        checkpoint.Write(state);
        End(step, context.Time.GetElapsedTime(started));
    }

    /// <summary>Waits until the checkpoint that is being written is complete.</summary>
    public void Dispose() => _write?.Dispose();

    private CheckpointState Begin(long step, bool copy)
    {
        // The journal first: an attempt that resumes here does not report the earlier steps again.
        context.Journal.Flush();
        _schedule.Begin();
        return checkpoint.State(step, copy);
    }

    private void Complete()
    {
        using var write = _write!;
        _write = null;
        End(write.Step, write.Wait());
    }

    private void End(long step, TimeSpan cost)
    {
        context.Journal.Write(new CheckpointEvent(step));
        _schedule.End(cost);
    }

    // The thread calls the tensor library only to read memory, and allocates little: see the remarks on scalars in docs/architecture.md.
    private sealed class BackgroundWrite : IDisposable
    {
        private readonly CheckpointState _state;
        private readonly Thread _thread;
        private ExceptionDispatchInfo? _failure;
        private TimeSpan _cost;

        public BackgroundWrite(Checkpoint checkpoint, CheckpointState state, TimeProvider time, long started)
        {
            _state = state;
            _thread = new(() =>
            {
                try
                {
                    checkpoint.Write(state);
                    _cost = time.GetElapsedTime(started);
                }
                catch (Exception failure)
                {
                    // Thrown again on the thread of the training.
                    _failure = ExceptionDispatchInfo.Capture(failure);
                }
            })
            {
                Name = "checkpoint",
                IsBackground = true,
            };
            _thread.Start();
        }

        public long Step => _state.Step;

        public bool IsComplete => !_thread.IsAlive;

        /// <summary>Waits for the end, and returns the time since the beginning.</summary>
        public TimeSpan Wait()
        {
            _thread.Join();
            _failure?.Throw();
            return _cost;
        }

        public void Dispose()
        {
            _thread.Join();
            _state.Dispose();
        }
    }
}
