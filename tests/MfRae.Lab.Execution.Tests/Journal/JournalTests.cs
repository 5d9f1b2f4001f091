using System.Text;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Execution.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private string File1 => Path.Combine(_folder.Root, "journal.1.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_are_numbered_from_one_and_readable_before_the_journal_is_closed()
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        journal.Write(new ProgressEvent(1, 9, "step"));
        _time.Advance(TimeSpan.FromSeconds(2));
        journal.Write(new CheckpointEvent(1));
        journal.Flush();

        var lines = JournalReader.Read(File1).Lines;

        lines.Select(line => line.Seq).Should().Equal(1, 2);
        lines.Select(line => line.Event).Should().Equal(new ProgressEvent(1, 9, "step"), new CheckpointEvent(1));
        (lines[1].At - lines[0].At).Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Values_that_are_not_finite_become_null()
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        journal.Write(new MetricsEvent(1, new Dictionary<string, double?> { ["loss"] = double.NaN, ["rate"] = 0.5 }));
        journal.Write(new MeasuredEvent(new("fid", double.PositiveInfinity, null, null, 1, 1, 1, "balanced", "", "", "", false)));
        journal.Flush();

        var events = JournalReader.Read(File1).Lines.Select(line => line.Event).ToList();

        events[0].Should().BeOfType<MetricsEvent>().Which.Values
            .Should().Equal(new Dictionary<string, double?> { ["loss"] = null, ["rate"] = 0.5 });
        events[1].Should().BeOfType<MeasuredEvent>().Which.Measurement.Value.Should().BeNull();
    }

    [Theory]
    [InlineData("""{"seq":2,"at":"2030-01-02T03:04""")]
    [InlineData("\0\0\0\0")]
    public void An_incomplete_last_line_is_not_read(string tail)
    {
        WriteLines(1);
        File.AppendAllText(File1, tail);

        var chunk = JournalReader.Read(File1);

        chunk.Lines.Should().ContainSingle();
        chunk.NextOffset.Should().Be(new FileInfo(File1).Length - Encoding.UTF8.GetByteCount(tail));
    }

    [Theory]
    [InlineData("\0\0\0\0\n")]
    [InlineData("\n")]
    [InlineData("""{"seq":2,"at":"2030-01-02T03:04:05+00:00"}""" + "\n")]
    [InlineData("""{"seq":2,"at":"2030-01-02T03:04:05+00:00","event":{"type":"checkpoint"}}""" + "\n")]
    [InlineData("""{"seq":"2","at":"2030-01-02T03:04:05+00:00","event":{"type":"unheardOf"}}""" + "\n")]
    public void An_unreadable_complete_line_is_an_error_with_its_number_and_changes_nothing(string line)
    {
        WriteLines(1);
        var first = new FileInfo(File1).Length;
        File.AppendAllText(File1, line + """{"seq":3,"at":"2030-01-02T03:04:06+00:00","event":{"type":"checkpoint","step":7}}""" + "\n");
        var bytes = File.ReadAllBytes(File1);

        FluentActions.Invoking(() => JournalReader.Read(File1)).Should().Throw<LabException>().WithMessage($"{File1}, line 2: *");
        FluentActions.Invoking(() => JournalReader.Read(File1, first)).Should().Throw<LabException>().WithMessage($"{File1}, line 2: *");
        FluentActions.Invoking(() => StageJournal.Close(File1, AttemptStatus.Interrupted, "killed", _time))
            .Should().Throw<LabException>().WithMessage($"{File1}, line 2: *");

        File.ReadAllBytes(File1).Should().Equal(bytes);
    }

    [Fact]
    public void An_event_kind_of_a_newer_version_is_kept_and_skipped_and_numbering_continues_after_it()
    {
        WriteLines(1);
        File.AppendAllText(File1, """{"seq":2,"at":"2030-01-02T03:04:05+00:00","event":{"type":"unheardOf","what":[1,{"a":null}]},"more":1}""" + "\n");
        var bytes = File.ReadAllBytes(File1);

        var lines = JournalReader.Read(File1).Lines;
        StageJournal.Close(File1, AttemptStatus.Interrupted, "killed", _time).Should().NotBeNull();

        lines.Select(line => line.Seq).Should().Equal(1, 2);
        lines[1].At.Should().Be(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
        File.ReadAllBytes(File1).Take(bytes.Length).Should().Equal(bytes);
        var closed = JournalReader.Read(File1).Lines;
        closed.Select(line => line.Seq).Should().Equal(1, 2, 3);
        closed[2].Event.Should().BeOfType<FinishedEvent>();
    }

    [Fact]
    public void Unknown_fields_of_a_known_event_are_skipped()
    {
        File.WriteAllText(File1,
            """{"seq":1,"host":"h","at":"2030-01-02T03:04:05+00:00","event":{"type":"progress","step":1,"total":2,"unit":"step","left":"3 s"}}""" + "\n");

        JournalReader.Read(File1).Lines.Should().ContainSingle().Which.Event.Should().Be(new ProgressEvent(1, 2, "step"));
    }

    [Fact]
    public void A_measurement_with_an_unknown_field_is_skipped()
    {
        using (var journal = new StageJournal(_folder.Root, 1, _time))
        {
            journal.Write(new MeasuredEvent(new("fid", 3, null, null, 1, 1, 1, "balanced", "", "", "", false)));
        }

        File.WriteAllText(File1, File.ReadAllText(File1).Replace("\"metric\":", "\"colourSpace\":\"lab\",\"metric\":", StringComparison.Ordinal));

        JournalReader.Read(File1).Lines.Should().ContainSingle().Which.Event.Should().NotBeOfType<MeasuredEvent>();
    }

    [Fact]
    public void An_attempt_whose_end_is_followed_by_events_of_a_newer_version_keeps_its_end()
    {
        using (var journal = new StageJournal(_folder.Root, 1, _time))
        {
            journal.Write(new FinishedEvent("diverged", 1, 1, 1, "loss"));
        }

        File.AppendAllText(File1, """{"seq":2,"at":"2030-01-02T03:04:05+00:00","event":{"type":"unheardOf"}}""" + "\n");

        StageJournal.Close(File1, AttemptStatus.Interrupted, "killed", _time).Should().BeNull();
    }

    [Fact]
    public void An_incomplete_line_is_read_after_it_is_complete()
    {
        WriteLines(2);
        var whole = File.ReadAllBytes(File1);
        File.WriteAllBytes(File1, whole[..^10]);
        var (first, next) = JournalReader.Read(File1);
        File.WriteAllBytes(File1, whole);

        var second = JournalReader.Read(File1, next);

        first.Select(line => line.Seq).Should().Equal(1);
        second.Lines.Select(line => line.Seq).Should().Equal(2);
        JournalReader.Read(File1, second.NextOffset).Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_missing_journal_has_no_lines() => JournalReader.Read(File1).Should().BeEquivalentTo(new JournalChunk([], 0));

    [Fact]
    public void Closing_a_dead_attempt_replaces_its_incomplete_line_by_an_end()
    {
        WriteLines(2);
        File.AppendAllText(File1, """{"seq":3,"at""");

        StageJournal.Close(File1, AttemptStatus.Failed, "killed", _time).Should().NotBeNull();

        var lines = JournalReader.Read(File1).Lines;
        lines.Select(line => line.Seq).Should().Equal(1, 2, 3);
        lines[2].Event.Should().Be(new FinishedEvent("failed", 1, 0, 0, "killed"));
    }

    [Fact]
    public void Closing_a_finished_attempt_keeps_its_end()
    {
        using (var journal = new StageJournal(_folder.Root, 1, _time))
        {
            journal.Write(new FinishedEvent("diverged", 1, 1, 1, "loss"));
        }

        StageJournal.Close(File1, AttemptStatus.Interrupted, "killed", _time).Should().BeNull();

        JournalReader.Read(File1).Lines.Should().ContainSingle();
    }

    [Fact]
    public void The_attempts_of_a_folder_are_ordered_by_number()
    {
        foreach (var name in (string[])["journal.10.jsonl", "journal.2.jsonl", "journal.x.jsonl", "journal.jsonl", "worker.3.log"])
        {
            File.WriteAllText(Path.Combine(_folder.Root, name), "");
        }

        JournalFile.In(_folder.Root).Select(file => file.Attempt).Should().Equal(2, 10);
    }

    private void WriteLines(int count)
    {
        using var journal = new StageJournal(_folder.Root, 1, _time);
        for (var step = 1; step <= count; step++)
        {
            journal.Write(new CheckpointEvent(step));
            _time.Advance(step < count ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
        }
    }
}
