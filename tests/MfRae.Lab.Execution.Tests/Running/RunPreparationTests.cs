using MfRae.Lab.Core.Planning;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>Runs that start while another process computes their stages.</summary>
public sealed class RunPreparationTests : IDisposable
{
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_run_without_waiting_fails_if_another_process_computes_a_stage()
    {
        var plan = TestPlan.Chain("");
        Directory.CreateDirectory(_lab.Store.Root);
        using var other = StageLeases.TryAcquire(_lab.Store, plan.Stages, TimeProvider.System);

        _lab.Invoking(lab => lab.Run(plan, new(Wait: false))).Should().Throw<StoreLockedException>()
            .WithMessage($"the stage 1 is being computed by process {Environment.ProcessId} on {Environment.MachineName}*");

        _lab.Log.Statuses.Should().BeEmpty();
    }

    [Fact]
    public void A_run_waits_for_another_process_and_surveys_the_store_again()
    {
        var plan = TestPlan.Chain("", "");
        Directory.CreateDirectory(_lab.Store.Root);
        var other = StageLeases.TryAcquire(_lab.Store, plan.Stages, TimeProvider.System)!;
        _lab.Log.Noticed = text =>
        {
            text.Should().EndWith("waiting for it to end");
            Worker.Run(_lab.Prepare(plan.Stages[0]), TestWorker.Program.Create, "cpu", 1, null, TimeProvider.System, default);
            other.Dispose();
        };

        _lab.Run(plan).Succeeded.Should().BeTrue();

        _lab.Log.Notices.Should().ContainSingle();
        _lab.Log.Cached.Should().Equal(plan.Stages[0].Key);
        _lab.Threads.Started.Should().ContainSingle().Which.Node.Should().BeSameAs(plan.Stages[1]);
    }

    [Fact]
    public void A_waiting_run_can_be_stopped()
    {
        var plan = TestPlan.Chain("");
        Directory.CreateDirectory(_lab.Store.Root);
        using var other = StageLeases.TryAcquire(_lab.Store, plan.Stages, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        _lab.Log.Noticed = _ => stop.Cancel();

        _lab.Invoking(lab => lab.Run(plan, stop: stop.Token)).Should().Throw<OperationCanceledException>();

        _lab.Log.Statuses.Should().BeEmpty();
    }

    [Fact]
    public void A_run_waits_for_a_worker_that_outlives_its_coordinator()
    {
        var plan = TestPlan.Chain("");
        Directory.CreateDirectory(_lab.Store.Root);
        var orphan = FileLock.Try(FileLock.OfWorker(_lab.Store, plan.Stages[0].Key))!;
        _lab.Log.Told = reason =>
        {
            if (reason == "waiting for the worker of an earlier run to end")
            {
                _lab.Threads.Started.Should().BeEmpty();
                orphan.Dispose();
            }
        };

        _lab.Run(plan).Succeeded.Should().BeTrue();

        _lab.Log.Sequence(plan.Stages[0].Key).Should().Be("queued queued running completed");
    }
}
