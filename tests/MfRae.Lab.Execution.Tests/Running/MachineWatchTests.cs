using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class MachineWatchTests
{
    [Fact]
    public void The_machine_is_read_every_five_seconds_until_the_attempt_ends()
    {
        var (journal, time, reading) = (new ListJournal(), new FakeTimeProvider(), 0);
        using (new MachineWatch(journal, () => new(++reading, 1, 1), time))
        {
            time.Advance(TimeSpan.FromSeconds(4));
            journal.Events.Should().BeEmpty();
            time.Advance(TimeSpan.FromSeconds(6));
            journal.Events.Should().Equal(new MachineEvent(new(1, 1, 1)), new MachineEvent(new(2, 1, 1)));
        }

        time.Advance(TimeSpan.FromSeconds(60));
        journal.Events.Should().HaveCount(2);
    }

    [Fact]
    public void A_journal_that_cannot_be_written_ends_the_readings_and_not_the_stage()
    {
        var (journal, time, readings) = (new ListJournal { Fails = true }, new FakeTimeProvider(), 0);
        using var watch = new MachineWatch(journal, () => new(++readings, 1, 1), time);

        time.Advance(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));

        readings.Should().Be(1);
    }

    [Fact]
    public void A_reading_has_the_busy_cores_and_the_memory_of_this_process()
    {
        var meter = new MachineMeter("cpu", TimeProvider.System);
        // Uses processor time for as long as the clock of processor time needs to show it.
        var begun = Environment.CpuUsage.TotalTime;
        while (Environment.CpuUsage.TotalTime - begun < TimeSpan.FromMilliseconds(50))
        {
        }

        var use = meter.Read();

        use.Cores.Should().BePositive();
        use.Memory.Should().BeGreaterThan(1 << 20);
        use.Seconds.Should().BePositive();
        use.Gpu.Should().BeNull("a CPU was measured");
        if (OperatingSystem.IsLinux())
        {
            use.ReadRate.Should().BeGreaterThanOrEqualTo(0);
            use.WriteRate.Should().BeGreaterThanOrEqualTo(0);
        }
    }

    [Fact]
    public void Without_the_library_of_a_GPU_its_values_are_missing()
    {
        if (File.Exists("/dev/nvidiactl"))
        {
            return;
        }

        var use = new MachineMeter("cuda:0", TimeProvider.System).Read();

        use.Gpu.Should().BeNull();
        use.GpuWatts.Should().BeNull();
    }

    private sealed class ListJournal : IJournal
    {
        public List<JournalEvent> Events { get; } = [];

        public bool Fails { get; init; }

        public void Write(JournalEvent entry)
        {
            if (Fails)
            {
                throw new IOException("no room");
            }

            Events.Add(entry);
        }

        public void Flush()
        {
        }
    }
}
