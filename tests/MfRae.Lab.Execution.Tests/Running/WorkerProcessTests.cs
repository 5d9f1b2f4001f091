using System.Diagnostics;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

/// <summary>Workers as real processes that are really killed.</summary>
public sealed class WorkerProcessTests : IDisposable
{
    private static readonly IEnumerable<long> ThirtySteps = Enumerable.Range(1, 30).Select(step => (long)step);
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_killed_worker_is_restarted_once_and_every_step_appears_once()
    {
        var plan = TestPlan.Chain("steps=30 die=25", "");
        var key = plan.Stages[0].Key;

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        outcome.Succeeded.Should().BeTrue();
        _lab.Log.ValidSteps(key).Should().Equal(ThirtySteps);
        // All steps before the checkpoint must exist; later steps only if the journal had written them.
        _lab.Log.Events<MetricsEvent>(key).Count().Should().BeInRange(
            20 + 10, 24 + 10, "the first attempt reached step 24 and the second resumed from step 20");
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
    public void A_worker_of_a_killed_coordinator_leaves_a_checkpoint_for_the_next_run()
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
    public async Task A_coordinator_and_a_worker_killed_together_leave_an_interrupted_attempt()
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
    public void An_abort_kills_a_worker_that_ignores_the_stop()
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
    public void The_worker_gets_its_thread_variables_and_its_output_is_logged()
    {
        var plan = TestPlan.Chain("");

        var outcome = _lab.Run(plan, launcher: Program.Launcher());

        // Variables of the user are kept; the program sets the number of threads.
        var spins = Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") ?? (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null ? "3000" : "");
        File.ReadAllText(outcome.Stages[0].LogPath!).Should().Be($"threads {ResourceAllocation.Threads(new(), Environment.ProcessorCount)}, spins {spins}\n");
    }

    [Fact]
    public void A_missing_program_is_an_environment_error()
    {
        var plan = TestPlan.Chain("");

        _lab.Invoking(lab => lab.Run(plan, launcher: new WorkerProcessLauncher("no-such-program", [])))
            .Should().Throw<LabException>().WithMessage("*no-such-program*");

        _lab.Log.Last(plan.Stages[0].Key).Should().Be(StageStatus.Planned);
    }
}
