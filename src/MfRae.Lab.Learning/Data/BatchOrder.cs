using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Which samples a training step sees: a new permutation each epoch, cut into whole batches. A function of the step, so a
/// resumed run goes on where it was.
/// </summary>
public sealed class BatchOrder(long count, int batchSize, RandomSource random) : IDisposable
{
    private long _epoch = -1;
    private Tensor? _permutation;

    private long StepsPerEpoch => Math.Max(1, count / batchSize);

    /// <summary>int64 [batchSize] on the CPU; with fewer samples than a batch holds, samples repeat.</summary>
    public Tensor Indices(long step)
    {
        var epoch = step / StepsPerEpoch;
        if (epoch != _epoch)
        {
            _permutation?.Dispose();
            _permutation = random.Permutation("order", epoch, count).DetachFromDisposeScope();
            _epoch = epoch;
        }
        var start = step % StepsPerEpoch * batchSize;
        return start + batchSize <= count
            ? _permutation!.slice(0, start, start + batchSize, 1)
            : arange(batchSize, dtype: int64).remainder(count);
    }

    public void Dispose() => _permutation?.Dispose();
}
