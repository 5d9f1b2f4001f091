using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Ranks;

/// <summary>
/// The processes (ranks) that compute one stage together. All ranks call the same operations in the same order, on tensors of equal shapes and
/// types. The operations move bytes and add nothing, so that the order of every sum is decided in one place (<see cref="RankGradient"/>).
/// </summary>
public interface ICollective : IDisposable
{
    /// <summary>The number of this process, from 0. Rank 0 writes all files of the stage.</summary>
    int Rank { get; }

    /// <summary>The number of ranks.</summary>
    int Count { get; }

    /// <summary>The device of the tensors that are passed to the operations.</summary>
    Device Device { get; }

    /// <summary>Sends row r to rank r, and receives the row of this rank from each rank (all-to-all).</summary>
    /// <param name="rows">[Count, n], contiguous.</param>
    /// <param name="received">[Count, n], contiguous; row r receives the row from rank r.</param>
    void Exchange(Tensor rows, Tensor received);

    /// <summary>Collects the values of all ranks on all ranks (all-gather).</summary>
    /// <param name="own">[n], contiguous.</param>
    /// <param name="all">[Count, n], contiguous; row r receives the values of rank r.</param>
    void Gather(Tensor own, Tensor all);

    /// <summary>Replaces the values of a contiguous tensor by those of rank 0.</summary>
    void Broadcast(Tensor values);
}

/// <summary>The only process of a stage. Nothing is exchanged.</summary>
public sealed class OneProcess : ICollective
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Count => 1;

    /// <inheritdoc/>
    public Device Device => CPU;

    /// <inheritdoc/>
    public void Exchange(Tensor rows, Tensor received) => received.copy_(rows);

    /// <inheritdoc/>
    public void Gather(Tensor own, Tensor all) => all[0].copy_(own);

    /// <inheritdoc/>
    public void Broadcast(Tensor values)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>Operations on numbers and on tensors of any device.</summary>
public static class CollectiveValues
{
    /// <summary>Whether a condition holds on any rank.</summary>
    public static bool Any(this ICollective ranks, bool condition)
    {
        if (ranks.Count == 1)
            return condition;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return ranks.Collect(tensor(condition ? 1L : 0L).reshape(1)).max().item<long>() > 0;
    }

    /// <summary>The number of rank 0.</summary>
    public static long OfFirst(this ICollective ranks, long value)
    {
        if (ranks.Count == 1)
            return value;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var number = tensor(value).reshape(1).to(ranks.Device);
        ranks.Broadcast(number);
        return number.cpu().item<long>();
    }

    /// <summary>Replaces the values of a tensor of any device by those of rank 0.</summary>
    public static void Share(this ICollective ranks, Tensor values)
    {
        if (ranks.Count == 1 || values.numel() == 0)
            return;
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var moved = values.detach().to(ranks.Device).contiguous();
        ranks.Broadcast(moved);
        values.detach().copy_(moved);
    }

    /// <summary>The values [n] of all ranks, [Count, n], on the CPU.</summary>
    internal static Tensor Collect(this ICollective ranks, Tensor own)
    {
        var all = empty([ranks.Count, own.numel()], own.dtype, ranks.Device);
        ranks.Gather(own.to(ranks.Device).contiguous(), all);
        return all.cpu();
    }
}
