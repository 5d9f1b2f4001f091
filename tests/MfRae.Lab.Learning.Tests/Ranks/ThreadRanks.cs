using MfRae.Lab.Learning.Ranks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Ranks;

/// <summary>Ranks that are threads of the test process and copy tensors from each other.</summary>
internal sealed class ThreadRanks(int count) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Barrier _barrier = new(count);
    private readonly Tensor[] _sent = new Tensor[count];

    /// <summary>Runs the same code on all ranks, and returns the results in their order.</summary>
    /// <exception cref="AggregateException">The code failed on some ranks.</exception>
    public static T[] Run<T>(int count, Func<ICollective, T> code)
    {
        using var ranks = new ThreadRanks(count);
        var results = new T[count];
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, count).Select(rank => new Thread(() =>
        {
            using var scope = NewDisposeScope();
            try
            {
                results[rank] = code(new Member(ranks, rank));
            }
            catch (Exception e)
            {
                lock (failures)
                    failures.Add(e);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return failures.Count == 0 ? results : throw new AggregateException(failures);
    }

    public void Dispose() => _barrier.Dispose();

    private void Share(int rank, Tensor sent, Action<Tensor[]> receive)
    {
        _sent[rank] = sent;
        Meet();
        receive(_sent);
        Meet();
    }

    private void Meet()
    {
        if (!_barrier.SignalAndWait(Patience))
            throw new TimeoutException("another rank did not call the same operation");
    }

    private sealed class Member(ThreadRanks ranks, int rank) : ICollective
    {
        public int Rank => rank;

        public int Count => ranks._sent.Length;

        public Device Device => CPU;

        public void Exchange(Tensor rows, Tensor received) => ranks.Share(rank, rows, sent =>
        {
            for (var from = 0; from < Count; from++)
                received[from].copy_(sent[from][rank]);
        });

        public void Gather(Tensor own, Tensor all) => ranks.Share(rank, own, sent =>
        {
            for (var from = 0; from < Count; from++)
                all[from].copy_(sent[from]);
        });

        public void Broadcast(Tensor values) => ranks.Share(rank, values, sent =>
        {
            if (rank > 0)
                values.copy_(sent[0]);
        });

        public void Dispose()
        {
        }
    }
}
