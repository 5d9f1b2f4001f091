using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>
/// Visits all products x·y of rows with others: large blocks are multiplied, for which others are read once each, and small
/// parts of them are looked at, which stay in a cache. One buffer serves all blocks, since the C library does not give back holes that large
/// short-lived results leave between others.
/// </summary>
internal static class ProductBlocks
{
    private const long BlockBytes = 32L << 20;
    private const long PartBytes = 4L << 20;

    /// <param name="visit">Gets the rows from start to end and their products float32 [end - start, M], which it may overwrite.</param>
    public static void Each(FeatureRows rows, FeatureRows others, Action<long, long, Tensor> visit)
    {
        using var scope = NewDisposeScope();
        var rowBytes = others.Count * sizeof(float);
        var block = Math.Clamp(BlockBytes / rowBytes, 1, rows.Count);
        var part = Math.Clamp(PartBytes / rowBytes, 1, block);
        var buffer = empty(block, others.Count, dtype: float32);
        var transposed = others.Single.t();
        for (long start = 0; start < rows.Count; start += block)
        {
            using var multiplied = NewDisposeScope();
            var end = Math.Min(rows.Count, start + block);
            var products = buffer.slice(0, 0, end - start, 1).addmm_(rows.Single.slice(0, start, end, 1), transposed, 0, 1);
            for (var first = start; first < end; first += part)
            {
                using var each = NewDisposeScope();
                var last = Math.Min(end, first + part);
                visit(first, last, products.slice(0, first - start, last - start, 1));
            }
            NativeHeap.Trim();
        }
    }
}
