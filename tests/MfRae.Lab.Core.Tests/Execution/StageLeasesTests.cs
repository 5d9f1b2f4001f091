using System.Text.Json;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Core.Tests.Execution;

public sealed class StageLeasesTests : IDisposable
{
    private static readonly StageNode First = TestPlan.Stage("first", "");
    private static readonly StageNode Second = TestPlan.Stage("second", "");
    private readonly Lab lab = new();
    private readonly ManualTime time = new();

    public void Dispose() => lab.Dispose();

    [Fact]
    public void A_lease_of_a_live_process_is_respected_and_names_its_owner()
    {
        using var held = Acquire(First);

        TryAcquire(First).Should().BeNull();
        StageLeases.Holder(lab.Store, [First], time)
            .Should().Be($"the stage first is being computed by process {Environment.ProcessId} on {Environment.MachineName}");
    }

    [Fact]
    public void Leases_are_taken_all_or_none()
    {
        using var held = Acquire(Second);

        TryAcquire(First, Second).Should().BeNull();

        StageLeases.LiveOwner(lab.Store, First.Key, time).Should().BeNull();
    }

    [Fact]
    public void A_released_lease_is_free()
    {
        Acquire(First).Dispose();

        using var again = Acquire(First);

        StageLeases.LiveOwner(lab.Store, First.Key, time)!.Pid.Should().Be(Environment.ProcessId);
    }

    [Fact]
    public void A_lease_with_fields_of_a_newer_version_is_respected()
    {
        using var held = Acquire(First);
        var path = Path.Combine(lab.Store.Root, ".locks", First.Key + ".lease.json");
        var written = File.GetLastWriteTimeUtc(path);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"token\":", "\"purpose\":\"study\",\"token\":", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, written);

        TryAcquire(First).Should().BeNull();
        StageLeases.LiveOwner(lab.Store, First.Key, time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void A_lease_that_cannot_be_read_holds_until_its_heartbeat_is_too_old()
    {
        var folder = Directory.CreateDirectory(Path.Combine(lab.Store.Root, ".locks")).FullName;
        var path = Path.Combine(folder, First.Key + ".lease.json");
        File.WriteAllText(path, """{"holder":[1,2]}""");
        File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);

        TryAcquire(First).Should().BeNull();
        time.Pass(StageLeases.Expiry + TimeSpan.FromSeconds(1));
        using var taken = Acquire(First);

        StageLeases.LiveOwner(lab.Store, First.Key, time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void A_process_that_reuses_the_number_of_a_dead_owner_is_not_taken_for_it()
    {
        Write(ProcessIdentity.Current() with { Started = "1" });

        using var taken = Acquire(First);

        StageLeases.LiveOwner(lab.Store, First.Key, time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void An_owner_from_before_the_last_boot_is_dead()
    {
        Write(ProcessIdentity.Current() with { BootId = "another" });

        StageLeases.LiveOwner(lab.Store, First.Key, time).Should().BeNull();
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(61, true)]
    public void A_lease_of_another_host_lasts_a_minute_after_its_heartbeat(int seconds, bool free)
    {
        Write(new("another-host", 1, "", "1"));
        time.Pass(TimeSpan.FromSeconds(seconds));

        (StageLeases.LiveOwner(lab.Store, First.Key, time) is null).Should().Be(free);
    }

    [Fact]
    public void Refreshing_keeps_the_heartbeat_young()
    {
        using var held = Acquire(First);
        time.Pass(TimeSpan.FromMinutes(5));

        held.Refresh().Should().BeEmpty();

        File.GetLastWriteTimeUtc(LeaseFile).Should().BeCloseTo(time.GetUtcNow().UtcDateTime, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_lease_that_was_taken_away_is_noticed_and_left_alone()
    {
        var held = Acquire(First);
        Write(new("another-host", 1, "", "1"));
        time.Pass(TimeSpan.FromSeconds(6));

        held.Refresh().Should().Equal(First.Key);
        held.Dispose();

        File.Exists(LeaseFile).Should().BeTrue();
    }

    [Fact]
    public void Who_runs_an_experiment_is_who_holds_leases_for_it()
    {
        Directory.CreateDirectory(lab.Store.Root);
        using var mine = StageLeases.TryAcquire(lab.Store, [First, Second], time, "mine");

        StageLeases.Coordinators(lab.Store, "mine").Should().Equal(ProcessIdentity.Current());
        StageLeases.Coordinators(lab.Store, "other").Should().BeEmpty("another experiment may need the same stages");

        mine!.Release(Second.Key);
        Write(ProcessIdentity.Current() with { Started = "1" }, "mine");
        StageLeases.Coordinators(lab.Store, "mine").Should().BeEmpty("the number is another process's by now");
        Write(ProcessIdentity.Current() with { Host = "elsewhere" }, "mine");
        StageLeases.Coordinators(lab.Store, "mine").Should().BeEmpty();
    }

    private string LeaseFile => Path.Combine(lab.Store.Root, ".locks", First.Key + ".lease.json");

    private StageLeases Acquire(params StageNode[] stages) => TryAcquire(stages)!;

    private StageLeases? TryAcquire(params StageNode[] stages)
    {
        Directory.CreateDirectory(lab.Store.Root);
        return StageLeases.TryAcquire(lab.Store, stages, time);
    }

    private void Write(ProcessIdentity owner, string? experiment = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LeaseFile)!);
        File.WriteAllBytes(LeaseFile, JsonSerializer.SerializeToUtf8Bytes(new Lease(owner, "token", experiment), LabJson.Default.Lease));
        File.SetLastWriteTimeUtc(LeaseFile, time.GetUtcNow().UtcDateTime);
    }
}
