using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;
using Microsoft.Extensions.Time.Testing;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class StageLeasesTests : IDisposable
{
    private static readonly StageNode First = TestPlan.Stage("first", "");
    private static readonly StageNode Second = TestPlan.Stage("second", "");
    private readonly TestLab _lab = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_lease_of_a_live_process_is_respected_and_reports_its_owner()
    {
        using var held = Acquire(First);

        TryAcquire(First).Should().BeNull();
        StageLeases.Holder([First], new(_lab.Store, _time))
            .Should().Be($"the stage first is being computed by process {Environment.ProcessId} on {Environment.MachineName}");
    }

    [Fact]
    public void Either_all_leases_are_taken_or_none()
    {
        using var held = Acquire(Second);

        TryAcquire(First, Second).Should().BeNull();

        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().BeNull();
    }

    [Fact]
    public void A_released_lease_is_free()
    {
        Acquire(First).Dispose();

        using var again = Acquire(First);

        StageLeases.LiveOwner(_lab.Store, First.Key, _time)!.Pid.Should().Be(Environment.ProcessId);
    }

    [Fact]
    public void A_lease_with_fields_of_a_newer_version_is_respected()
    {
        using var held = Acquire(First);
        var path = Path.Combine(_lab.Store.Root, ".locks", First.Key + ".lease.json");
        var written = File.GetLastWriteTimeUtc(path);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"token\":", "\"purpose\":\"study\",\"token\":", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, written);

        TryAcquire(First).Should().BeNull();
        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void An_unreadable_lease_is_valid_until_its_heartbeat_stands_still()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_lab.Store.Root, ".locks")).FullName;
        var path = Path.Combine(folder, First.Key + ".lease.json");
        File.WriteAllText(path, """{"holder":[1,2]}""");
        File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
        var watch = new LeaseWatch(_lab.Store, _time);

        TryAcquire(watch, First).Should().BeNull();
        _time.Advance(StageLeases.Expiry + TimeSpan.FromSeconds(1));
        using var taken = TryAcquire(watch, First);

        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().Be(ProcessIdentity.Current());
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(0)]
    [InlineData(10)]
    public void A_lease_of_another_host_is_live_while_its_heartbeat_changes_whatever_the_clock_of_that_host(int minutesAhead)
    {
        var watch = new LeaseWatch(_lab.Store, _time);
        for (var beat = 0; beat < 5; beat++)
        {
            Write(new("another-host", 1, "", "1"), ahead: TimeSpan.FromMinutes(minutesAhead));
            _time.Advance(StageLeases.Expiry - TimeSpan.FromSeconds(1));
            TryAcquire(watch, First).Should().BeNull();
        }

        _time.Advance(StageLeases.Expiry);

        using var taken = TryAcquire(watch, First);
        taken.Should().NotBeNull("the heartbeat has not changed for a minute on the clock of this host");
    }

    [Fact]
    public void All_leases_of_another_host_expire_together()
    {
        var watch = new LeaseWatch(_lab.Store, _time);
        Write(new("another-host", 1, "", "1"), stage: Second);
        Write(new("another-host", 1, "", "1"));

        TryAcquire(watch, First, Second).Should().BeNull();
        _time.Advance(StageLeases.Expiry);

        using var taken = TryAcquire(watch, First, Second);
        taken.Should().NotBeNull();
    }

    [Fact]
    public void A_lease_of_another_host_without_a_heartbeat_for_days_is_free_at_once()
    {
        Write(new("another-host", 1, "", "1"), ahead: TimeSpan.FromDays(-2));

        using var taken = Acquire(First);

        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void A_worker_learns_that_another_host_has_taken_its_stage()
    {
        using var held = Acquire(First);

        StageLeases.IsTakenByAnotherHost(_lab.Store, First.Key, held.Token).Should().BeFalse();
        Write(ProcessIdentity.Current());
        StageLeases.IsTakenByAnotherHost(_lab.Store, First.Key, held.Token).Should().BeFalse("one host has locks for its workers");
        Write(new("another-host", 1, "", "1"));
        StageLeases.IsTakenByAnotherHost(_lab.Store, First.Key, held.Token).Should().BeTrue();
    }

    [Fact]
    public void The_owner_of_a_lease_names_its_job()
    {
        var owner = new ProcessIdentity("node7", 12, "", "1", "34_5");

        Write(owner);

        StageLeases.Holder([First], new(_lab.Store, _time)).Should().Be("the stage first is being computed by process 12 on node7 (Slurm job 34_5)");
    }

    [Fact]
    public void A_process_with_the_number_of_a_dead_owner_is_not_the_owner()
    {
        Write(ProcessIdentity.Current() with { Started = "1" });

        using var taken = Acquire(First);

        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().Be(ProcessIdentity.Current());
    }

    [Fact]
    public void An_owner_from_before_the_last_boot_is_dead()
    {
        Write(ProcessIdentity.Current() with { BootId = "another" });

        StageLeases.LiveOwner(_lab.Store, First.Key, _time).Should().BeNull();
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(61, true)]
    public void A_lease_of_another_host_seems_live_for_a_minute_after_its_heartbeat(int seconds, bool free)
    {
        Write(new("another-host", 1, "", "1"));
        _time.Advance(TimeSpan.FromSeconds(seconds));

        (StageLeases.LiveOwner(_lab.Store, First.Key, _time) is null).Should().Be(free);
    }

    [Fact]
    public void Refreshing_keeps_the_heartbeat_young()
    {
        using var held = Acquire(First);
        _time.Advance(TimeSpan.FromMinutes(5));

        held.Refresh().Should().BeEmpty();

        File.GetLastWriteTimeUtc(LeaseFile).Should().BeCloseTo(_time.GetUtcNow().UtcDateTime, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_lost_lease_is_reported_and_not_changed()
    {
        var held = Acquire(First);
        Write(new("another-host", 1, "", "1"));
        _time.Advance(TimeSpan.FromSeconds(6));

        held.Refresh().Should().Equal(First.Key);
        held.Dispose();

        File.Exists(LeaseFile).Should().BeTrue();
    }

    [Fact]
    public void The_processes_that_run_an_experiment_hold_its_leases()
    {
        Directory.CreateDirectory(_lab.Store.Root);
        using var mine = StageLeases.TryAcquire(_lab.Store, [First, Second], _time, "mine");

        StageLeases.Coordinators(_lab.Store, "mine").Should().Equal(ProcessIdentity.Current());
        StageLeases.Coordinators(_lab.Store, "other").Should().BeEmpty("another experiment may need the same stages");

        mine!.Release(Second.Key);
        Write(ProcessIdentity.Current() with { Started = "1" }, "mine");
        StageLeases.Coordinators(_lab.Store, "mine").Should().BeEmpty("the number is another process's by now");
        Write(ProcessIdentity.Current() with { Host = "elsewhere" }, "mine");
        StageLeases.Coordinators(_lab.Store, "mine").Should().BeEmpty();
    }

    private string LeaseFile => Path.Combine(_lab.Store.Root, ".locks", First.Key + ".lease.json");

    private StageLeases Acquire(params StageNode[] stages) => TryAcquire(stages)!;

    private StageLeases? TryAcquire(params StageNode[] stages) => TryAcquire(null, stages);

    private StageLeases? TryAcquire(LeaseWatch? watch, params StageNode[] stages)
    {
        Directory.CreateDirectory(_lab.Store.Root);
        return StageLeases.TryAcquire(_lab.Store, stages, _time, watch: watch);
    }

    private void Write(ProcessIdentity owner, string? experiment = null, TimeSpan ahead = default, StageNode? stage = null)
    {
        var path = Path.Combine(Path.GetDirectoryName(LeaseFile)!, (stage ?? First).Key + ".lease.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(new Lease(owner, "token", experiment), LabJson.Default.Lease));
        File.SetLastWriteTimeUtc(path, (_time.GetUtcNow() + ahead).UtcDateTime);
    }
}
