using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class CoordinatorTests : IDisposable
{
    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Stages_run_after_their_inputs_and_read_them()
    {
        var plan = TestPlan.Chain("steps=3", "steps=2", "steps=1");

        var outcome = _lab.Run(plan);

        outcome.Succeeded.Should().BeTrue();
        _lab.Sum(plan.Stages[2]).Should().Be("10");
        _lab.Log.Sequence(plan.Stages[2].Key).Should().Be("queued running completed");
        _lab.Log.ValidSteps(plan.Stages[0].Key).Should().Equal(1, 2, 3);
        _lab.Log.Ended.Should().BeTrue();
    }

    [Fact]
    public void A_second_run_computes_nothing_and_ingests_every_line_again()
    {
        var plan = TestPlan.Chain("", "");
        _lab.Run(plan);

        var outcome = _lab.Run(plan);

        outcome.Stages.Should().OnlyContain(stage => stage.Cached && stage.Status == StageStatus.Completed);
        _lab.Threads.Started.Should().BeEmpty();
        _lab.Log.Cached.Should().BeEquivalentTo(plan.Stages.Select(stage => stage.Key));
        _lab.Log.ValidSteps(plan.Stages[1].Key).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void A_failed_stage_skips_only_its_descendants()
    {
        var bad = TestPlan.Stage("bad", "fail=2");
        var child = TestPlan.Stage("child", "", bad);
        var grandchild = TestPlan.Stage("grandchild", "", child);
        var other = TestPlan.Stage("other", "");
        var plan = TestPlan.Of(bad, child, grandchild, other);

        var outcome = _lab.Run(plan);

        Statuses(outcome).Should().Equal(StageStatus.Failed, StageStatus.Skipped, StageStatus.Skipped, StageStatus.Completed);
        outcome.Stages[0].Error.Should().Be("the file weights.bin is missing");
        outcome.Stages[2].Error.Should().Be("it needs bad, which failed");
        outcome.AnyFailed.Should().BeTrue();
        outcome.Interrupted.Should().BeFalse();
    }

    [Fact]
    public void The_next_run_retries_a_failed_stage_as_another_attempt()
    {
        var plan = TestPlan.Chain("fail=2");
        _lab.Run(plan);

        _lab.Run(plan).AnyFailed.Should().BeTrue();

        _lab.Threads.Started.Should().ContainSingle().Which.Attempt.Should().Be(2);
        _lab.Log.Events<FinishedEvent>(plan.Stages[0].Key).Should().HaveCount(2);
    }

    [Fact]
    public void A_stage_that_a_declared_rule_stopped_is_kept_and_not_computed_again()
    {
        var plan = TestPlan.Chain("stop=2", "");
        var first = _lab.Run(plan);

        var second = _lab.Run(plan);

        foreach (var outcome in new[] { first, second })
        {
            Statuses(outcome).Should().Equal(StageStatus.Stopped, StageStatus.Skipped);
            outcome.Stages[0].Error.Should().Be("stopped at step 2");
            outcome.Stages[1].Error.Should().Be("it needs 1, which was stopped");
            outcome.AnyFailed.Should().BeFalse("a stop by a declared rule is a result");
        }

        _lab.Threads.Started.Should().BeEmpty();
        _lab.Log.ValidSteps(plan.Stages[0].Key).Should().Equal(1);
    }

    [Fact]
    public void Divergence_is_kept_with_its_curve_and_not_computed_again()
    {
        var plan = TestPlan.Chain("diverge=2", "");
        var first = _lab.Run(plan);

        var second = _lab.Run(plan);

        foreach (var outcome in (RunOutcome[])[first, second])
        {
            Statuses(outcome).Should().Equal(StageStatus.Diverged, StageStatus.Skipped);
            outcome.Stages[0].Error.Should().Be("sum is not finite at step 2");
        }

        _lab.Threads.Started.Should().BeEmpty();
        _lab.Log.ValidSteps(plan.Stages[0].Key).Should().Equal(1, 2);
    }

    [Fact]
    public void A_diverged_stage_is_recomputed_on_request()
    {
        var plan = TestPlan.Chain("diverge=2");
        _lab.Run(plan);

        _lab.Run(plan, new(RetryFailed: true));

        _lab.Threads.Started.Should().ContainSingle().Which.Attempt.Should().Be(2);
        _lab.Log.Events<ResumedEvent>(plan.Stages[0].Key).Should().BeEmpty();
    }

    [Fact]
    public void A_damaged_stage_is_set_aside_and_computed_again()
    {
        var plan = TestPlan.Chain("steps=3", "steps=2");
        _lab.Run(plan);
        File.AppendAllText(Path.Combine(_lab.Store.CompleteFolder(plan.Stages[1].Key), "sum.txt"), "0");

        var outcome = _lab.Run(plan);

        outcome.Succeeded.Should().BeTrue();
        _lab.Sum(plan.Stages[1]).Should().Be("9");
        _lab.Threads.Started.Should().ContainSingle().Which.Attempt.Should().Be(2);
        _lab.Log.Statuses.Should().Contain(status => status.Reason != null && status.Reason.Contains("sum.txt has 2 bytes instead of 1"));
        Directory.GetDirectories(Path.Combine(_lab.Store.Root, ".bad")).Should().ContainSingle();
    }

    [Fact]
    public void A_missing_stage_without_users_is_not_computed_again()
    {
        var plan = TestPlan.Chain("", "");
        _lab.Run(plan);
        Directory.Delete(_lab.Store.CompleteFolder(plan.Stages[0].Key), recursive: true);

        _lab.Run(plan).Succeeded.Should().BeTrue();

        _lab.Threads.Started.Should().BeEmpty();
    }

    [Fact]
    public void A_fresh_run_computes_everything_again()
    {
        var plan = TestPlan.Chain("", "");
        _lab.Run(plan);

        _lab.Run(plan, new(Fresh: true)).Succeeded.Should().BeTrue();

        _lab.Threads.Started.Select(spec => spec.Attempt).Should().Equal(2, 2);
    }

    [Fact]
    public void A_run_with_fail_fast_stops_at_the_first_failure()
    {
        var plan = TestPlan.Of(TestPlan.Stage("bad", "bug=1"), TestPlan.Stage("other", ""));

        var outcome = _lab.Run(plan, new(FailFast: true), jobs: 1);

        Statuses(outcome).Should().Equal(StageStatus.Failed, StageStatus.Planned);
        outcome.Interrupted.Should().BeFalse();
    }

    [Fact]
    public void A_stopped_run_resumes_from_its_checkpoint_and_has_every_step_once()
    {
        var plan = TestPlan.Chain("steps=60 delay=5", "");
        var key = plan.Stages[0].Key;
        using var stop = new CancellationTokenSource();
        _lab.Log.Ingested = (_, lines) =>
        {
            if (lines.Any(line => line.Event is MetricsEvent))
            {
                stop.Cancel();
            }
        };
        var first = _lab.Run(plan, stop: stop.Token);

        var second = _lab.Run(plan);

        Statuses(first).Should().Equal(StageStatus.Interrupted, StageStatus.Planned);
        first.Interrupted.Should().BeTrue();
        second.Succeeded.Should().BeTrue();
        _lab.Log.Events<ResumedEvent>(key).Should().ContainSingle();
        _lab.Log.ValidSteps(key).Should().Equal(Enumerable.Range(1, 60).Select(step => (long)step));
    }

    [Fact]
    public void A_failed_stage_resumes_from_its_checkpoint_or_starts_again_on_request()
    {
        var plan = TestPlan.Chain("steps=30 fail=25");
        var key = plan.Stages[0].Key;
        _lab.Run(plan);
        _lab.Run(plan);
        _lab.Log.Events<ResumedEvent>(key).Should().ContainSingle();

        _lab.Run(plan, new(RetryFailed: true));

        _lab.Log.Events<ResumedEvent>(key).Should().BeEmpty("only events from the new folder are ingested");
        _lab.Log.Events<StartedEvent>(key).Should().ContainSingle().Which.Attempt.Should().Be(3);
    }

    [Fact]
    public void Memory_shortage_is_distinguished_from_other_failures()
    {
        var plan = TestPlan.Chain("starve=2", "");

        var outcome = _lab.Run(plan);

        Statuses(outcome).Should().Equal(StageStatus.OutOfMemory, StageStatus.Skipped);
        outcome.Stages[0].Error.Should().StartWith("not enough memory (DefaultCPUAllocator: can't allocate memory");
        outcome.Stages[1].Error.Should().Be("it needs 1, which ran out of memory");
        outcome.AnyFailed.Should().BeTrue();
    }

    [Fact]
    public void Leases_end_with_the_run()
    {
        var plan = TestPlan.Chain("", "fail=1");

        _lab.Run(plan);

        plan.Stages.Should().OnlyContain(stage => StageLeases.LiveOwner(_lab.Store, stage.Key, TimeProvider.System) == null);
        Directory.GetFiles(Path.Combine(_lab.Store.Root, ".locks"), "*.lease.json").Should().BeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_number_of_running_workers_never_exceeds_the_number_of_jobs(int jobs)
    {
        var plan = TestPlan.Of([.. Enumerable.Range(1, 5).Select(i => TestPlan.Stage($"{i}", "steps=20 delay=5"))]);

        _lab.Run(plan, jobs: jobs).Succeeded.Should().BeTrue();

        _lab.Threads.MostAtOnce.Should().Be(jobs);
    }

    [Fact]
    public void Concurrent_jobs_have_separate_slots_and_free_slots_are_reused()
    {
        var plan = TestPlan.Of([.. Enumerable.Range(1, 6).Select(i => TestPlan.Stage($"{i}", "steps=5 delay=5"))]);

        _lab.Run(plan, jobs: 2, device: "cuda").Succeeded.Should().BeTrue();

        _lab.Threads.Started.Select(spec => spec.Settings.Device).Distinct().Should().BeEquivalentTo("cuda:0", "cuda:1");
    }

    [Fact]
    public void The_stage_with_the_longest_path_to_the_end_starts_first()
    {
        var leaf = TestPlan.Stage("leaf", "");
        var root = TestPlan.Stage("root", "");
        var plan = TestPlan.Of(leaf, root, TestPlan.Stage("user", "", root));

        _lab.Run(plan, jobs: 1);

        _lab.Threads.Started.Select(spec => spec.Node.Label).Should().Equal("root", "leaf", "user");
    }

    private static IEnumerable<StageStatus> Statuses(RunOutcome outcome) => outcome.Stages.Select(stage => stage.Status);
}
