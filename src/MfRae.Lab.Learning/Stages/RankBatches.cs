using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Divides the batches of a stage among ranks. A batch is computed by one rank in the way of one process, so its bits do not depend on the number
/// of ranks.
/// </summary>
internal static class RankBatches
{
    private const long RoundsPerCollection = 4;

    /// <summary>
    /// Visits first … count in batches, without gradients. In a round, each rank computes one batch; then all ranks receive the results of the round
    /// in the order of the batches. One process computes and receives batch by batch.
    /// </summary>
    /// <param name="first">The start: a multiple of the batch size. The value of rank 0 counts.</param>
    /// <param name="compute">Receives the first index of the round and all indices of a batch, int64 [B]. Returns tensors [B, …]. A tensor without
    /// rows, which all ranks must return in the same rounds, is not exchanged.</param>
    /// <param name="take">Receives the first index of a batch and its tensors.</param>
    /// <exception cref="OperationCanceledException">The user stopped the run. All ranks stop after the same round.</exception>
    public static void EachBatch(
        this StageContext context, ICollective ranks, long first, long count, long batchSize, string unit, Func<long, Tensor, Tensor[]> compute,
        Action<long, Tensor[]> take)
    {
        if (ranks.Count == 1)
        {
            context.EachBatch(first, count, batchSize, unit, (start, indices) => take(start, compute(start, indices)));
            return;
        }

        using var quiet = no_grad();
        var (last, length) = ((count - 1) / batchSize * batchSize, batchSize * ranks.Count);
        for (var round = ranks.OfFirst(first); round < count; round += length)
        {
            using (NewDisposeScope())
            {
                // In the last round, a rank without a batch computes the last batch too: all ranks exchange tensors of equal shapes.
                var own = Math.Min(round + (ranks.Rank * batchSize), last);
                var results = compute(round, arange(own, Math.Min(count, own + batchSize), dtype: ScalarType.Int64));
                var all = results.Select(rows => Collect(ranks, rows, batchSize)).ToList();
                for (var rank = 0; rank < ranks.Count && round + (rank * batchSize) < count; rank++)
                {
                    var start = round + (rank * batchSize);
                    take(start, [.. all.Select(rows => rows[rank].narrow(0, 0, Math.Min(rows.shape[1], count - start)))]);
                }
            }

            // Only rank 0 knows of a stop.
            if (ranks.OfFirst(context.Stop.IsCancellationRequested ? 1 : 0) > 0)
                throw new OperationCanceledException(context.Stop);
            context.Journal.Write(new ProgressEvent(Math.Min(count, round + length), count, unit));
            if (round / length % RoundsPerCollection == 0)
                GC.Collect(0);
        }
    }

    /// <summary><paramref name="map"/> over 0 … count in batches, joined on the CPU of every rank.</summary>
    public static Tensor InBatches(
        this StageContext context, ICollective ranks, long count, long batchSize, string unit, Func<Tensor, Tensor> map)
    {
        Tensor? joined = null;
        context.EachBatch(ranks, 0, count, batchSize, unit, (_, indices) => [map(indices).cpu()], (start, parts) =>
        {
            joined ??= empty([count, .. parts[0].shape[1..]], dtype: parts[0].dtype).DetachFromDisposeScope();
            joined.slice(0, start, start + parts[0].shape[0], 1).copy_(parts[0]);
        });
        return joined ?? throw new ArgumentOutOfRangeException(nameof(count), "the range is empty");
    }

    /// <summary>Ends the stage on all ranks but rank 0, which goes on alone.</summary>
    /// <exception cref="RankFinishedException">This process is not rank 0.</exception>
    public static void EndOthers(this ICollective ranks)
    {
        if (ranks.Rank > 0)
            throw new RankFinishedException();
    }

    // The rows [B, …] of all ranks, [ranks, batch size, …] on the CPU. The last batch may have fewer rows than the others.
    private static Tensor Collect(ICollective ranks, Tensor rows, long batchSize)
    {
        if (rows.shape[0] == 0)
            return empty([ranks.Count, .. rows.shape], dtype: rows.dtype);
        var padded = zeros([batchSize, .. rows.shape[1..]], dtype: rows.dtype, device: rows.device);
        padded.narrow(0, 0, rows.shape[0]).copy_(rows);
        return ranks.Collect(padded.view(-1)).view([ranks.Count, .. padded.shape]);
    }
}
