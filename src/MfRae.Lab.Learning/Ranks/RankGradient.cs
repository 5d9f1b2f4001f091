using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Ranks;

/// <summary>
/// Adds up the gradients of the micro-batches of all ranks in the order of the micro-batches, which is the order in which one process adds them:
/// the sum has the same bits, whatever the number of ranks. In a round, each rank has the gradient of one micro-batch. Each rank adds up its
/// section of the vector, and after the last round the ranks exchange the sections. With one micro-batch for each rank, this moves as many bytes
/// as a sum by MPI or NCCL itself, whose order depends on the number of ranks.
/// </summary>
/// <param name="gradient">The gradient of a micro-batch [n], and at the end the sum.</param>
public sealed class RankGradient(Tensor gradient, ICollective ranks) : IDisposable
{
    // 16 MB in float32: large messages, and buffers that are small beside the weights of a large network.
    private const long LargestBlock = 1L << 22;

    private readonly long _section = (Math.Min(LargestBlock, gradient.numel()) + ranks.Count - 1) / ranks.Count;
    private readonly List<Tensor> _sums = [];

    /// <summary>Adds a round, and sets the gradient to zero.</summary>
    /// <param name="added">The ranks 0 … <paramref name="added"/> - 1 have a micro-batch in this round.</param>
    public void Add(int added)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = zeros([ranks.Count, _section], gradient.dtype, ranks.Device);
        var received = empty_like(rows);
        foreach (var (block, part) in Blocks().Index())
        {
            rows.view(-1).narrow(0, 0, part.Length).copy_(gradient.narrow(0, part.Start, part.Length));
            ranks.Exchange(rows, received);
            if (block == _sums.Count)
                _sums.Add(zeros([_section], gradient.dtype, ranks.Device).DetachFromDisposeScope());
            for (var rank = 0; rank < added; rank++)
                _sums[block].add_(received[rank]);
        }
        gradient.zero_();
    }

    /// <summary>Sets the gradient to the sum of all rounds.</summary>
    public void Finish()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = empty([ranks.Count, _section], gradient.dtype, ranks.Device);
        foreach (var (block, part) in Blocks().Index())
        {
            ranks.Gather(_sums[block], all);
            gradient.narrow(0, part.Start, part.Length).copy_(all.view(-1).narrow(0, 0, part.Length));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sum in _sums)
            sum.Dispose();
    }

    private IEnumerable<(long Start, long Length)> Blocks()
    {
        var length = _section * ranks.Count;
        for (long start = 0; start < gradient.numel(); start += length)
            yield return (start, Math.Min(length, gradient.numel() - start));
    }
}
