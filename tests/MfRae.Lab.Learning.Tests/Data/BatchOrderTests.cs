using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Data;

[Scoped]
public sealed class BatchOrderTests
{
    [Fact]
    public void An_epoch_shows_every_sample_once()
    {
        using var order = new BatchOrder(12, 4, new RandomSource(3, CPU));
        var seen = Enumerable.Range(0, 3).SelectMany(step => order.Indices(step).data<long>().ToArray());
        seen.Order().Should().Equal(Enumerable.Range(0, 12).Select(i => (long)i));
    }

    [Fact]
    public void A_batch_is_a_function_of_the_step_not_of_what_came_before()
    {
        using var order = new BatchOrder(100, 10, new RandomSource(3, CPU));
        using var resumed = new BatchOrder(100, 10, new RandomSource(3, CPU));
        for (var step = 0; step < 14; step++)
            order.Indices(step);
        order.Indices(14).data<long>().ToArray().Should().Equal(resumed.Indices(14).data<long>().ToArray());
    }

    [Fact]
    public void Epochs_differ()
    {
        using var order = new BatchOrder(100, 100, new RandomSource(3, CPU));
        var first = order.Indices(0).data<long>().ToArray();
        order.Indices(1).data<long>().ToArray().Should().NotEqual(first);
    }

    [Fact]
    public void Fewer_samples_than_a_batch_repeat()
    {
        using var order = new BatchOrder(3, 8, new RandomSource(0, CPU));
        order.Indices(5).data<long>().ToArray().Should().Equal(0, 1, 2, 0, 1, 2, 0, 1);
    }
}
