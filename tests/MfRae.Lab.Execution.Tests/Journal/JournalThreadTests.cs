using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Execution.Tests.Journal;

/// <summary>The guarantees of the journal's background thread.</summary>
public sealed class JournalThreadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private string Path1 => Path.Combine(_folder.Root, "journal.1.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Flushed_events_are_in_the_file_in_their_order()
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        for (var round = 1; round <= 50; round++)
        {
            for (var step = 0; step < 100; step++)
            {
                journal.Write(new CheckpointEvent((100 * (round - 1)) + step));
            }

            journal.Flush();

            JournalReader.Read(Path1).Lines.Should().HaveCount(100 * round);
        }

        var lines = JournalReader.Read(Path1).Lines;
        lines.Select(line => line.Seq).Should().Equal(Enumerable.Range(1, 5000).Select(seq => (long)seq));
        lines.Select(line => ((CheckpointEvent)line.Event).Step).Should().Equal(Enumerable.Range(0, 5000).Select(step => (long)step));
    }

    [Fact]
    public void An_event_without_a_flush_is_in_the_file_within_a_second()
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        for (var step = 1; step <= 3; step++)
        {
            journal.Write(new CheckpointEvent(step));
            // Ten times the second, because a busy machine may run the journal's thread late.
            SpinWait.SpinUntil(() => JournalReader.Read(Path1).Lines.Count == step, TimeSpan.FromSeconds(10)).Should().BeTrue();
        }
    }

    [Fact]
    public void The_time_of_a_line_is_the_time_of_its_event()
    {
        using (var journal = new StageJournal(_folder.Root, 1, _time))
        {
            for (var step = 0; step < 100; step++)
            {
                journal.Write(new CheckpointEvent(step));
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        var times = JournalReader.Read(Path1).Lines.Select(line => line.At).ToList();
        times.Zip(times.Skip(1), (one, next) => next - one).Should().HaveCount(99).And.AllBeEquivalentTo(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void The_end_of_an_attempt_is_in_the_file_at_once()
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        journal.Write(new CheckpointEvent(1));
        journal.Write(new FinishedEvent("completed", 1, 1, 1, null));

        JournalReader.Read(Path1).Lines.Should().HaveCount(2);
    }

    [Fact]
    public void A_stage_that_reports_faster_than_the_disk_waits_and_loses_no_event()
    {
        const int Events = StageJournal.Capacity * 3;
        using (var journal = new StageJournal(_folder.Root, 1, _time))
        {
            var most = 0L;
            for (var step = 1; step <= Events; step++)
            {
                journal.Write(new CheckpointEvent(step));
                most = Math.Max(most, journal.Waiting);
            }

            most.Should().BeLessThanOrEqualTo(StageJournal.Capacity);
        }

        JournalReader.Read(Path1).Lines.Select(line => line.Seq).Should().Equal(Enumerable.Range(1, Events).Select(seq => (long)seq));
    }

    [Fact]
    public void A_full_disk_leaves_complete_lines_fails_the_next_call_and_the_rest_is_written_later()
    {
        using var disk = new FullDisk(Path1);
        using (var journal = new StageJournal(disk, 0, _time))
        {
            journal.Write(new CheckpointEvent(1));
            journal.Flush();
            disk.Room = 30;
            journal.Write(new CheckpointEvent(2));
            journal.Invoking(it => it.Flush()).Should().Throw<IOException>().WithMessage("full");
            File.ReadAllText(Path1).Should().EndWith("}\n").And.NotContain("\"seq\":2");
            journal.Write(new CheckpointEvent(3));
            journal.Invoking(it => it.Write(new FinishedEvent("interrupted", 1, 1, 1, null))).Should().Throw<IOException>();

            disk.Room = long.MaxValue;
            journal.Flush();
        }

        JournalReader.Read(Path1).Lines.Select(line => line.Seq).Should().Equal(Enumerable.Range(1, disk.Lines).Select(seq => (long)seq));
        disk.Lines.Should().BeInRange(3, 4);
    }

    [Fact]
    public void An_unreported_failure_is_reported_when_the_journal_is_closed()
    {
        using var disk = new FullDisk(Path1) { Room = 10 };
        var journal = new StageJournal(disk, 0, _time);
        journal.Write(new CheckpointEvent(1));

        journal.Invoking(it => it.Dispose()).Should().Throw<IOException>().WithMessage("full");

        File.ReadAllBytes(Path1).Should().BeEmpty();
    }

    /// <summary>A file on a disk with limited space, which ends in the middle of a write.</summary>
    private sealed class FullDisk(string path) : FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0)
    {
        public long Room { get; set; } = long.MaxValue;

        public int Lines => File.ReadAllLines(Name).Length;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..(int)Math.Min(Room, buffer.Length)]);
            if (Room < buffer.Length)
            {
                throw new IOException("full");
            }
        }
    }
}
