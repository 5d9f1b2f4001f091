using MfRae.Lab.Core;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class DecodeQueueTests
{
    [Fact]
    public void Announced_batches_are_decoded_once_and_before_they_are_asked_for()
    {
        var decoded = new List<long>();
        using var ready = new CountdownEvent(6);
        using var queue = new DecodeQueue(1, 2, (i, place) =>
        {
            lock (decoded)
                decoded.Add(i);
            place.Span[0] = (byte)i;
            if (!ready.IsSet)
                ready.Signal();
        });

        queue.Prefetch([1, 2]);
        queue.Prefetch([3, 4]);
        queue.Prefetch([3, 4]);
        queue.Prefetch([5, 6]);
        ready.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();

        queue.Take([1, 2]).Should().Equal(1, 2);
        queue.Take([3, 4]).Should().Equal(3, 4);
        queue.Take([5, 6]).Should().Equal(5, 6);
        decoded.Order().Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void What_was_not_announced_is_decoded_when_it_is_asked_for()
    {
        using var queue = new DecodeQueue(1, 2, (i, place) => place.Span[0] = (byte)i);
        queue.Prefetch([1]);

        queue.Take([9, 8]).Should().Equal(9, 8);
        queue.Take([1]).Should().Equal(1);
    }

    [Fact]
    public void Memory_ahead_is_bounded()
    {
        var started = 0;
        using var hold = new ManualResetEventSlim();
        using (var queue = new DecodeQueue(100 << 20, 1, (_, _) =>
        {
            Interlocked.Increment(ref started);
            hold.Wait();
        }))
        {
            for (var i = 0; i < 10; i++)
                queue.Prefetch([i]);
            hold.Set();
        }

        started.Should().BeLessThanOrEqualTo(2, "a third batch of 100 MB would pass the bound of 256");
    }

    [Fact]
    public void Of_several_failures_the_first_by_place_is_told_and_others_batches_are_not_harmed()
    {
        using var queue = new DecodeQueue(1, 4, (i, place) =>
        {
            if (i % 2 == 1)
                throw new LabException($"image {i}");
            place.Span[0] = (byte)i;
        });
        queue.Prefetch([2, 7, 5]);
        queue.Prefetch([4, 6]);

        FluentActions.Invoking(() => queue.Take([2, 7, 5])).Should().Throw<LabException>().WithMessage("image 7");
        queue.Take([4, 6]).Should().Equal(4, 6);
    }
}
