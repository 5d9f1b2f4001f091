using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using Journal = MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

/// <summary>Readings of the machine during attempts.</summary>
public sealed class MachineUseTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);
    private readonly Support.Lab _lab = new();

    public MachineUseTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Readings_are_rows_of_a_view_once_each()
    {
        JournalEvent[] events =
        [
            Journal.Started(1), new MachineEvent(new(5, 1.5, 2_000_000, 10, 20)), new MachineEvent(new(10, 0.5, 3_000_000, null, null, 0.9, 7, 300, 1500)),
            Journal.Finished(wall: 12),
        ];
        _lab.Tell(Stage, 1, events);
        _lab.Tell(Stage, 1, events);

        _lab.Rows("select attempt, seconds, cores, memory, read_rate, write_rate, gpu, gpu_memory, gpu_watts, gpu_joules from machine order by seconds")
            .Should().BeEquivalentTo(
                new object?[][] { [1L, 5.0, 1.5, 2_000_000L, 10.0, 20.0, null, null, null, null], [1L, 10.0, 0.5, 3_000_000L, null, null, 0.9, 7L, 300.0, 1500.0] },
                options => options.WithStrictOrdering());
        _lab.Queries.Experiment("ablation")!.Stages.Single(stage => stage.Key == Stage).Attempts.Single().Use.Should().HaveCount(2);
    }

    [Fact]
    public void A_record_has_means_of_adjacent_readings_and_their_peaks()
    {
        MachineUse[] readings = [.. Enumerable.Range(1, 4 * MachineUses.Most).Select(i => new MachineUse(5 * i, i % 2, i, GpuWatts: 100 + (i % 4)))];

        var thin = MachineUses.Thin(readings);

        thin.Should().HaveCount(MachineUses.Most);
        thin[0].Should().Be(new MachineUse(20, 0.5, 4, GpuWatts: 101.5));
        thin[^1].Seconds.Should().Be(readings[^1].Seconds);
        MachineUses.Thin(readings[..10]).Should().Equal(readings[..10]);
    }
}
