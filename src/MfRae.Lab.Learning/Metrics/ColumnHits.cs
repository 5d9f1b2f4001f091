using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>How many rows hit each column, and for columns with a single hit which row it was.</summary>
internal sealed class ColumnHits(long columns, long rows)
{
    private readonly Tensor _counts = zeros(columns, dtype: float64);
    private readonly Tensor _rowSums = zeros(columns, dtype: float64);

    /// <summary>Share of columns with any hit.</summary>
    public double Share => _counts.gt(0).to(float64).mean().item<double>();

    /// <summary>Adds a block of rows, bool [block, columns], and returns the hits of each row, [block].</summary>
    public Tensor Add(Tensor hits, long start)
    {
        // Products with ones and row numbers are several times as fast as sums of bools. float32 holds whole numbers to 2^24, and sums
        // of row numbers matter only where they have one term.
        var single = hits.to(float32);
        var numbers = arange(0, hits.shape[0], dtype: float32);
        var sums = stack([ones_like(numbers), numbers], 0).mm(single).to(float64);
        _counts.add_(sums[0]);
        _rowSums.add_(sums[1] + (sums[0] * start));
        return single.mv(ones(hits.shape[1], dtype: float32));
    }

    /// <summary>
    /// What the share would lose without a row, times the number of rows: only columns that no other row hits count.
    /// </summary>
    public double[] Influences()
    {
        using var scope = NewDisposeScope();
        var alone = _counts.eq(1).nonzero().flatten();
        var owners = _rowSums.index_select(0, alone).to(int64);
        var influences = zeros(rows, dtype: float64);
        influences.index_add_(0, owners, ones(owners.shape[0], dtype: float64), 1);
        return (influences * ((double)rows / columns)).data<double>().ToArray();
    }
}
