using System.Diagnostics;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>With real processes, and real kills.</summary>
public sealed class WorkerProcessTests : IDisposable
{
    private static readonly IEnumerable<long> ThirtySteps = Enumerable.Range(1, 30).Select(step => (long)step);
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_killed_worker_is_started_once_more_and_no_step_is_lost_or_doubled()
    {
        var plan = TestPlan.Chain("steps=30 die=25", "");
        var key = plan.Stages[0].Key;

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        outcome.Succeeded.Should().BeTrue();
        _lab.Log.ValidSteps(key).Should().Equal(ThirtySteps);
        // All from before the checkpoint has to be there; of what came after it, what the journal had got to the system.
        _lab.Log.Events<MetricsEvent>(key).Count().Should().BeInRange(
            20 + 10, 24 + 10, "the first attempt got to 24 and the second went on from 20");
        _lab.Log.Sequence(key).Should().Be("queued running queued running completed");
        _lab.Log.Events<FinishedEvent>(key).Select(finished => finished.Status).Should().Equal("killed", "completed");
        _lab.Sum(plan.Stages[0]).Should().Be("465");
    }

    [Fact]
    public void A_second_death_fails_the_stage_with_the_signal_and_the_end_of_its_output()
    {
        var plan = TestPlan.Chain("steps=30 dieAlways=25");

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        outcome.Stages[0].Status.Should().Be(StageStatus.Killed);
        outcome.Stages[0].Error.Should().StartWith("the worker was killed (signal 9)").And.Contain("about to die");
        outcome.Stages[0].LogPath.Should().EndWith("worker.2.log");
    }

    [Fact]
    public void A_worker_whose_coordinator_is_killed_leaves_a_checkpoint_that_the_next_run_goes_on_from()
    {
        string[] scripts = ["steps=30 delay=20", "steps=1"];
        var plan = TestPlan.Chain(scripts);
        var key = plan.Stages[0].Key;
        using (var coordinator = Process.Start(
            new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, "coordinate", _lab.Store.Root, .. scripts])))
        {
            SpinWait.SpinUntil(() => Steps() >= 5, TimeSpan.FromSeconds(20)).Should().BeTrue();
            coordinator!.Kill();
            coordinator.WaitForExit();
        }

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        outcome.Succeeded.Should().BeTrue();
        _lab.Log.ValidSteps(key).Should().Equal(ThirtySteps);
        _lab.Log.Events<ResumedEvent>(key).Should().ContainSingle();
        _lab.Log.Events<FinishedEvent>(key).Select(finished => finished.Status).Should().Equal("interrupted", "completed");
        _lab.Sum(plan.Stages[1]).Should().Be("466");

        int Steps() => JournalReader.Read(Path.Combine(_lab.Store.PartialFolder(key), "journal.1.jsonl")).Lines.Count(
            line => line.Event is MetricsEvent);
    }

    [Fact]
    public async Task A_coordinator_and_a_worker_that_are_killed_together_leave_an_attempt_that_is_interrupted()
    {
        var plan = TestPlan.Chain("steps=30 die=25");
        var node = plan.Stages[0];
        var folder = _lab.Prepare(node);
        using (var worker = Program.Launcher().Start(_lab.Store, StageSpecFile.Read(folder), folder))
        {
            WorkerExit.IsSignal(await worker.Exit.WaitAsync(TimeSpan.FromSeconds(20))).Should().BeTrue();
        }

        File.AppendAllText(Path.Combine(folder, "journal.1.jsonl"), """{"seq":""");

        _lab.Run(plan, launcher: Program.Launcher()).Succeeded.Should().BeTrue();

        _lab.Log.ValidSteps(node.Key).Should().Equal(ThirtySteps);
        _lab.Log.Events<FinishedEvent>(node.Key).Select(finished => finished.Status).Should().Equal("interrupted", "completed");
    }

    [Fact]
    public void An_abort_ends_even_a_worker_that_does_not_listen()
    {
        var plan = TestPlan.Chain("steps=100000 delay=1 deaf=1", "");
        using var abort = new CancellationTokenSource();
        _lab.Log.Ingested = (_, lines) => abort.Cancel();

        var outcome = _lab.Run(plan, launcher: Program.Launcher(), abort: abort.Token);

        outcome.Stages.Select(stage => stage.Status).Should().Equal(StageStatus.Interrupted, StageStatus.Planned);
        outcome.Interrupted.Should().BeTrue();
        _lab.Log.Events<FinishedEvent>(plan.Stages[0].Key).Should().ContainSingle().Which.Status.Should().Be("interrupted");
    }

    [Fact]
    public void Output_threads_and_how_they_wait_reach_the_workers_log()
    {
        var plan = TestPlan.Chain("");

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        // What the user has set stays; the number of threads is the lab's own.
        var spins = Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") ?? (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null ? "3000" : "");
        File.ReadAllText(outcome.Stages[0].LogPath!).Should().Be($"threads {ResourceAllocation.Threads(new(), Environment.ProcessorCount)}, spins {spins}\n");
    }

    [Fact]
    public void A_program_that_is_not_there_is_a_fault_of_the_environment()
    {
        var plan = TestPlan.Chain("");

        _lab.Invoking(lab => lab.Run(plan, launcher: new WorkerProcessLauncher("no-such-program", [])))
            .Should().Throw<LabException>().WithMessage("*no-such-program*");

        _lab.Log.Last(plan.Stages[0].Key).Should().Be(StageStatus.Planned);
    }
}
