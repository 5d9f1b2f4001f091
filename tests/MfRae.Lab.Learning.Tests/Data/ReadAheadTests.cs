using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class ReadAheadTests
{
    [Fact]
    public void Announced_batches_are_read_once_and_before_they_are_taken()
    {
        var decoded = new List<long>();
        using var ready = new CountdownEvent(6);
        using var queue = Bytes(2, (i, place) =>
        {
            lock (decoded)
                decoded.Add(i);
            place[0] = (byte)i;
            if (!ready.IsSet)
                ready.Signal();
        });

        queue.Prefetch(tensor(new[] { 1L, 2 }));
        queue.Prefetch(tensor(new[] { 3L, 4 }));
        queue.Prefetch(tensor(new[] { 3L, 4 }));
        queue.Prefetch(tensor(new[] { 5L, 6 }));
        ready.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();

        Taken(queue, 1, 2).Should().Equal(1, 2);
        Taken(queue, 3, 4).Should().Equal(3, 4);
        Taken(queue, 5, 6).Should().Equal(5, 6);
        decoded.Order().Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void A_batch_that_was_not_announced_is_read_on_demand()
    {
        using var queue = Bytes(2, (i, place) => place[0] = (byte)i);
        queue.Prefetch(tensor(new[] { 1L }));

        Taken(queue, 9, 8).Should().Equal(9, 8);
        Taken(queue, 1).Should().Equal(1);
    }

    [Fact]
    public void Memory_ahead_is_bounded()
    {
        var started = 0;
        using var hold = new ManualResetEventSlim();
        using (var queue = new ReadAhead(ScalarType.Byte, [100 << 20], 1, pinned: false, (_, _) =>
        {
            Interlocked.Increment(ref started);
            hold.Wait();
        }))
        {
            for (var i = 0L; i < 10; i++)
                queue.Prefetch(tensor(new[] { i }));
            hold.Set();
        }

        started.Should().BeLessThanOrEqualTo(2, "a third batch of 100 MB would exceed the limit of 256");
    }

    [Fact]
    public void Of_several_failures_the_first_by_place_is_reported_and_other_batches_are_read()
    {
        using var queue = Bytes(4, (i, place) =>
        {
            if (i % 2 == 1)
                throw new LabException($"image {i}");
            place[0] = (byte)i;
        });
        queue.Prefetch(tensor(new[] { 2L, 7, 5 }));
        queue.Prefetch(tensor(new[] { 4L, 6 }));

        FluentActions.Invoking(() => Taken(queue, 2, 7, 5)).Should().Throw<LabException>().WithMessage("image 7");
        Taken(queue, 4, 6).Should().Equal(4, 6);
    }

    [Fact]
    public void Rows_have_the_type_and_the_shape_of_the_source()
    {
        using var queue = new ReadAhead(ScalarType.Float32, [2, 3], 2, pinned: false, (i, place) =>
        {
            for (var k = 0; k < 6; k++)
                BitConverter.TryWriteBytes(place[(4 * k)..], (10f * i) + k);
        });

        var rows = queue.Take(tensor(new[] { 4L, 1 }));

        rows.shape.Should().Equal(2, 2, 3);
        rows.data<float>().ToArray().Should().Equal(40, 41, 42, 43, 44, 45, 10, 11, 12, 13, 14, 15);
    }

    [Fact]
    public void Batches_are_freed()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            using var queue = Bytes(2, (i, place) => place[0] = (byte)i);
            queue.Prefetch(tensor(new[] { 1L }));
            queue.Prefetch(tensor(new[] { 2L }));
            Taken(queue, 2).Should().Equal(2);
            queue.Prefetch(tensor(new[] { 3L }));
        }

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    private static ReadAhead Bytes(int threads, ReadRow read) => new(ScalarType.Byte, [1], threads, pinned: false, read);

    private static byte[] Taken(ReadAhead queue, params long[] indices) => queue.Take(tensor(indices)).data<byte>().ToArray();
}
