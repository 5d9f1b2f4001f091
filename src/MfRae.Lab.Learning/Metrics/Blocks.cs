using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>Ranges of rows whose intermediate results stay small.</summary>
internal static class Blocks
{
    /// <summary>What one block of an intermediate result may take.</summary>
    public const long Bytes = 8L << 20;

    // So many blocks' results may lie about at most.
    private const int BetweenTrims = 8;

    /// <summary>Consecutive ranges that cover <paramref name="rows"/>.</summary>
    /// <param name="bytesPerRow">What a row of the largest intermediate result takes.</param>
    public static IEnumerable<(long Start, long End)> Of(long rows, long bytesPerRow)
    {
        var block = Math.Max(1, Bytes / Math.Max(1, bytesPerRow));
        for (long start = 0, count = 1; start < rows; start += block, count++)
        {
            yield return (start, Math.Min(rows, start + block));
            if (count % BetweenTrims == 0)
                NativeHeap.Trim();
        }
    }
}
