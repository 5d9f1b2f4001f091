using MfRae.Lab.Core.Records;
using MfRae.Lab.Database.Tests.Support;
using Journal = MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests;

/// <summary>The environment of attempts.</summary>
public sealed class OriginTests : IDisposable
{
    private static readonly string Stage = Plans.Training("a", 0);

    private readonly Support.Lab _lab = new();

    public OriginTests() => _lab.Begin(Plans.Of());

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void The_environment_is_read_as_it_was_ingested()
    {
        var origin = Origin(flops: 0.1 + 0.2, files: new() { ["z.npz"] = "2", ["a b.npz"] = "1" });

        Tell(Stage, 1, origin);

        Attempts(Stage).Single().Origin.Should().BeEquivalentTo(origin);
        _lab.Scalar("select json_extract(files, '$.\"a b.npz\"') from attempts").Should().Be("1");
        _lab.Scalar("select flops from attempts").Should().Be(0.1 + 0.2);
    }

    [Fact]
    public void An_old_journal_has_no_environment_and_keeps_its_cost()
    {
        _lab.Tell(Stage, 1, Journal.Started(1), Journal.Finished(wall: 10));

        Attempts(Stage).Single().Origin.Should().BeNull();
        _lab.Rows($"select device_seconds, flops from costs where stage = '{Stage}'").Single().Should().Equal(10.0, null);
        _lab.Rows("select tool, packages, command, source_commit from attempts").Single().Should().AllSatisfy(cell => cell.Should().BeNull());
    }

    [Fact]
    public void The_last_parts_of_a_batch_belong_to_the_attempt()
    {
        Tell(Stage, 1, Origin(), new MicroBatchEvent(16, false), new MicroBatchEvent(8, true));
        Tell(Stage, 2, Origin());

        Attempts(Stage).Select(attempt => (attempt.MicroBatch, attempt.Recompute)).Should().Equal((8, true), (null, false));
        _lab.Rows("select micro_batch, recompute from attempts order by attempt").Select(row => (row[0], row[1])).Should().Equal((8L, 1L), (null, 0L));
    }

    [Fact]
    public void Equal_environments_share_a_row()
    {
        Tell(Stage, 1, Origin());
        Tell(Stage, 2, Origin(command: "run again"));
        Tell(Plans.Training("a", 1), 1, Origin());
        Tell(Plans.Training("b", 0), 1, Origin(processor: "Another × 4"));
        Tell(Stage, 1, Origin());

        _lab.Scalar("select count(*) from environment").Should().Be(2L);
        _lab.Rows("select distinct processor from attempts order by 1").Select(row => row[0]).Should().Equal("Another × 4", "Model × 2");
        Attempts(Stage).Select(attempt => attempt.Origin!.Run!.Command).Should().Equal("run x.json", "run again");
    }

    [Fact]
    public void The_work_of_a_stage_counts_once_and_its_devices_for_each_attempt()
    {
        Tell(Stage, 1, Origin(flops: 5e15, devices: 2), Journal.Finished("killed", wall: 10));
        Tell(Stage, 2, Origin(flops: 7e15, devices: 2), Journal.Finished(wall: 30));

        _lab.Rows($"select wall_seconds, device_seconds, flops from costs where stage = '{Stage}'").Single().Should().Equal(40.0, 80.0, 7e15);
    }

    [Fact]
    public void Hostile_strings_are_stored_unchanged()
    {
        const string Hostile = "'; drop table attempt; -- <img src=x onerror=alert(1)> {{ 1 }} \u202e\u001b[2J";
        var origin = Origin(command: Hostile, processor: Hostile, files: new() { [Hostile] = Hostile });

        Tell(Stage, 1, origin);

        Attempts(Stage).Single().Origin.Should().BeEquivalentTo(origin);
    }

    private static AttemptOrigin Origin(
        string command = "run x.json",
        string processor = "Model × 2",
        double? flops = null,
        int devices = 1,
        Dictionary<string, string>? files = null) => new(
            "1.0+abc", "Linux X64", ".NET 10", "TorchSharp 1", processor, ["GPU"], new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" },
            devices, files ?? [], flops, new RunOrigin(command, "c0ffee"));

    private void Tell(string stage, int attempt, AttemptOrigin origin, params JournalEvent[] more) =>
        _lab.Tell(stage, attempt, [Journal.Started(attempt) with { Origin = origin }, .. more]);

    private IReadOnlyList<AttemptRecord> Attempts(string stage) =>
        _lab.Queries.Experiment("ablation")!.Stages.Single(candidate => candidate.Key == stage).Attempts;
}
