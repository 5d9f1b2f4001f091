using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Reads batches of rows of one size on several threads: announced batches ahead of time, in the order of announcement and as far as
/// memory allows, others on demand. The order of the threads changes no byte. The threads write into tensors: they allocate almost no
/// managed memory, because a garbage collection would free arguments of native calls of the training thread.
/// </summary>
/// <param name="type">The type of the values.</param>
/// <param name="shape">The shape of a row.</param>
/// <param name="pinned">Whether batches are in page-locked memory, from which a CUDA device copies without the processor.</param>
/// <param name="read">Reads the row of an index into the bytes of its place.</param>
internal sealed class ReadAhead(ScalarType type, long[] shape, int threads, bool pinned, ReadRow read) : IDisposable
{
    // The limit for batches that wait; a single batch may be larger.
    private const long MostBytesAhead = 256L << 20;

    private readonly long _rowBytes = shape.Aggregate(1L, (product, size) => product * size) * ElementType.Of(type).Size;
    private readonly Queue<PendingBatch> _ahead = new();
    private readonly CancellationTokenSource _closed = new();
    private Task _last = Task.CompletedTask;

    /// <summary>The rows of a batch on the CPU, [B, …].</summary>
    /// <param name="indices">int64 [B] on the CPU.</param>
    /// <exception cref="LabException">A row of the batch cannot be read.</exception>
    public Tensor Take(Tensor indices)
    {
        var wanted = indices.data<long>().ToArray();
        while (_ahead.TryDequeue(out var next))
        {
            using var rows = next.Rows;
            if (next.Indices.AsSpan().SequenceEqual(wanted))
            {
                next.Read.GetAwaiter().GetResult();
                return rows.alias();
            }

            // Batches that were announced before this one will not be taken any more.
            Wait(next.Read);
        }

        using var read = Allocate(wanted.Length);
        Read(wanted, Address(read));
        return read.alias();
    }

    /// <summary>Announces the next batch after those announced before.</summary>
    /// <param name="indices">int64 [B] on the CPU.</param>
    public void Prefetch(Tensor indices)
    {
        var wanted = indices.data<long>().ToArray();
        var waiting = _ahead.Sum(batch => batch.Indices.Length * _rowBytes);
        if (_ahead.Any(batch => batch.Indices.AsSpan().SequenceEqual(wanted))
            || (_ahead.Count > 0 && waiting + (wanted.Length * _rowBytes) > MostBytesAhead))
        {
            return;
        }

        var rows = Allocate(wanted.Length);
        var place = Address(rows);
        // A failure is reported when its batch is taken, and does not stop the batches after it.
        var read = _last.ContinueWith(
            _ => Read(wanted, place), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _ahead.Enqueue(new(wanted, rows, read));
        _last = read;
    }

    /// <summary>Waits for the threads, and frees the batches that nobody took.</summary>
    public void Dispose()
    {
        _closed.Cancel();
        Wait(_last);
        while (_ahead.TryDequeue(out var batch))
            batch.Rows.Dispose();
        _closed.Dispose();
    }

    private static void Wait(Task task) => ((IAsyncResult)task).AsyncWaitHandle.WaitOne();

    private static unsafe nint Address(Tensor rows)
    {
        using var first = rows.narrow(0, 0, 1);
        fixed (byte* place = first.bytes)
            return (nint)place;
    }

    private unsafe void Read(long[] indices, nint place)
    {
        if (_closed.IsCancellationRequested)
            return;
        var failures = new LabException?[indices.Length];
        Parallel.For(0, indices.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            try
            {
                read(indices[i], new((byte*)place + (i * _rowBytes), (int)_rowBytes));
            }
            catch (LabException failure)
            {
                failures[i] = failure;
            }
        });

        // Of several failures, always the same one is reported.
        if (failures.OfType<LabException>().FirstOrDefault() is { } first)
            throw first;
    }

    // The tensors are created and freed by the thread of the caller, which counts them. The threads of the queue only write.
    private Tensor Allocate(long count)
    {
        using var scope = NewDisposeScope();
        var rows = empty([count, .. shape], dtype: type);
        return (pinned ? rows.pin_memory() : rows).DetachFromDisposeScope();
    }

    private sealed record PendingBatch(long[] Indices, Tensor Rows, Task Read);
}

/// <summary>Reads the row of an index into its place.</summary>
/// <exception cref="LabException">The row cannot be read.</exception>
internal delegate void ReadRow(long index, Span<byte> place);
