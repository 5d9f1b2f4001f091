using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Cluster;

public sealed class StageJobTests : IDisposable
{
    private const string Name = "test/a1b2c3d4-0";

    private readonly TestLab _lab = new();
    private readonly MemoryRunLog _log = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_job_computes_the_stages_of_its_task_in_order_and_records_its_end()
    {
        var (first, second, other) = (TestPlan.Stage("first", "steps=2"), TestPlan.Stage("second", "steps=1", TestPlan.Stage("first", "steps=2")), TestPlan.Stage("other", ""));
        var path = Write([first, second, other], [first.Key, second.Key], [other.Key]);

        Run(path, 0).Should().Be(0);

        _lab.Sum(second).Should().Be("4");
        _lab.Store.IsComplete(other.Key).Should().BeFalse("it belongs to another task");
        var exit = new JobFolder(_lab.Store).Exits("test")[second.Key];
        (exit.Job, exit.Restart, exit.Code, exit.Message).Should().Be(("7_0", 2, 0, null));
        exit.Stages.Should().Equal(new Dictionary<string, string> { [first.Key] = "completed", [second.Key] = "completed" });
    }

    [Fact]
    public void A_job_whose_input_is_missing_ends_without_computing()
    {
        var input = TestPlan.Stage("input", "");
        var user = TestPlan.Stage("user", "", input);
        var path = Write([user, input], [user.Key]);

        Run(path, 0).Should().Be(1);

        _lab.Store.PartialKeys().Should().BeEmpty();
        Look(user).Single().Should().Be((StageStatus.Skipped, "skipped: it needs input, which is not complete"));
    }

    [Fact]
    public void A_job_whose_input_is_damaged_sets_it_aside()
    {
        var input = TestPlan.Stage("input", "");
        var user = TestPlan.Stage("user", "", input);
        var path = Write([user, input], [user.Key], [input.Key]);
        Run(path, 1).Should().Be(0);
        File.WriteAllText(Path.Combine(_lab.Store.CompleteFolder(input.Key), "sum.txt"), "7");

        Run(path, 0).Should().Be(1);

        _lab.Store.IsComplete(input.Key).Should().BeFalse("the next submission computes it again");
        _log.Notices.Should().ContainMatch("*files of input were damaged and were set aside*");
    }

    [Fact]
    public void A_job_that_is_stopped_while_it_checks_its_inputs_records_it()
    {
        var input = TestPlan.Stage("input", "");
        var user = TestPlan.Stage("user", "", input);
        var path = Write([user, input], [user.Key], [input.Key]);
        Run(path, 1).Should().Be(0);

        Run(path, 0, new CancellationToken(canceled: true)).Should().Be(StageJob.Stopped);

        new JobFolder(_lab.Store).Exits("test")[user.Key].Code.Should().Be(StageJob.Stopped);
    }

    [Fact]
    public void A_stopped_job_writes_a_checkpoint_and_its_next_start_resumes()
    {
        var node = TestPlan.Stage("stage", "steps=60 delay=20");
        var path = Write([node], [node.Key]);
        using var stop = new CancellationTokenSource();
        _log.Ingested = (_, lines) =>
        {
            if (lines.Any(line => line.Event is MetricsEvent { Step: >= 5 }))
            {
                stop.Cancel();
            }
        };

        Run(path, 0, stop.Token).Should().Be(StageJob.Stopped);
        _log.Last(node.Key).Should().Be(StageStatus.Interrupted);
        Run(path, 0).Should().Be(0);

        _log.Events<ResumedEvent>(node.Key).Should().ContainSingle().Which.Step.Should().BeGreaterThanOrEqualTo(5);
        _lab.Sum(node).Should().Be("1830");
    }

    [Theory]
    [InlineData("RUNNING", 2, true)]
    [InlineData("COMPLETING", 2, false)]
    [InlineData("CANCELLED", 2, false)]
    [InlineData("RUNNING", 100, false)]
    public void Only_a_job_at_its_time_limit_starts_itself_again(string state, int restart, bool again)
    {
        var node = TestPlan.Stage("stage", "");
        var path = Write([node], [node.Key]);
        var scheduler = new OneJob(state);

        Job(restart).Requeue(path, scheduler).Should().Be(again);

        scheduler.Requeued.Should().Equal(again ? ["7_0"] : []);
    }

    [Fact]
    public void A_failed_stage_and_the_stages_that_need_it_keep_their_reasons()
    {
        var bad = TestPlan.Stage("bad", "fail=2");
        var user = TestPlan.Stage("user", "", bad);
        var other = TestPlan.Stage("other", "");
        var path = Write([bad, user, other], [bad.Key], [user.Key], [other.Key]);
        Run(path, 0).Should().Be(1);

        Look(bad, user, other).Should().Equal(
            (StageStatus.Failed, "the file weights.bin is missing"),
            (StageStatus.Skipped, "it needs bad, which failed"),
            (StageStatus.Planned, null));
    }

    [Fact]
    public void A_worker_that_cannot_start_leaves_the_state_and_the_reason_in_the_record_of_its_job()
    {
        var node = TestPlan.Stage("stage", "");
        var path = Write([node], [node.Key]);
        var exit = new JobExit(1, "7_0", 0, "node7", DateTimeOffset.UnixEpoch, 1, new Dictionary<string, string> { [node.Key] = "failed" }, "the worker aborted (signal 6)");
        JobFolder.WriteExit(Path.ChangeExtension(path, null), 0, exit);

        Look(node).Should().Equal((StageStatus.Failed, "the worker aborted (signal 6)"));
    }

    [Fact]
    public void The_queue_gives_states_with_the_reasons_of_the_scheduler()
    {
        var (waiting, running, again) = (TestPlan.Stage("waiting", ""), TestPlan.Stage("running", ""), TestPlan.Stage("again", ""));
        Write([waiting, running, again], [waiting.Key], [running.Key], [again.Key]);
        Start(running);
        Start(again);

        var states = Look(
            [new("9_0", "PENDING", "Priority", Name), new("9_1", "RUNNING", "None", Name), new("9_2", "PENDING", "BeginTime", Name)],
            waiting, running, again);

        states.Should().Equal(
            (StageStatus.Queued, "Slurm job 9_0: pending (Priority)"),
            (StageStatus.Running, "Slurm job 9_1: running"),
            (StageStatus.Queued, "Slurm job 9_2: pending (BeginTime); starts again after attempt 1"));
        new JobFolder(_lab.Store).HasQueued("test").Should().BeTrue();
    }

    [Fact]
    public void Jobs_that_have_ended_or_belong_to_another_store_queue_no_stage()
    {
        var node = TestPlan.Stage("stage", "");
        Write([node], [node.Key]);

        Look([new("9_0", "TIMEOUT", "None", Name), new("3_0", "PENDING", "None", "test/other-0"), new("4", "RUNNING", "None", "(null)")], node)
            .Should().Equal((StageStatus.Planned, null));
        new JobFolder(_lab.Store).HasQueued("test").Should().BeFalse("the waiting job belongs to an experiment of the same name in another store");
    }

    /// <summary>The journal of a worker that has not ended.</summary>
    private void Start(StageNode node)
    {
        using var journal = new Execution.Journal.StageJournal(_lab.Prepare(node), 1, TimeProvider.System);
        journal.Write(new StartedEvent(1, "node7", 1, "", "cpu", 1));
    }

    private string Write(StageNode[] stages, params string[][] tasks)
    {
        var array = new JobArray(
            1, "test", Path.GetTempPath(), new(Device: "cpu", Threads: 1, Jobs: 1), false, 100, new("run test.json"), stages,
            [.. tasks.Select((keys, index) => new JobTask(index, keys))]);
        return Path.ChangeExtension(new JobFolder(_lab.Store).Write(Name, array, "#!/bin/bash\n"), ".json");
    }

    private StageJob Job(int restart = 2) => new(_lab.Store, _log, new ThreadLauncher(), TimeProvider.System, "7_0", restart);

    private int Run(string path, int index, CancellationToken stop = default) => Job().Run(path, index, stop);

    private List<(StageStatus, string?)> Look(params StageNode[] nodes) => Look([], nodes);

    private List<(StageStatus, string?)> Look(QueuedJob[] queue, params StageNode[] nodes)
    {
        var progress = new JobProgress(
            _lab.Store, new MemoryRunLog(), TimeProvider.System, "test", [.. nodes.Select(PlannedStage.Of)], new HashSet<string>());
        progress.Look(queue);
        return [.. progress.States.Select(state => (state.Status, state.Reason))];
    }

    private sealed class OneJob(string state) : IJobScheduler
    {
        public List<string> Requeued { get; } = [];

        public string Submit(string script, string dependencies) => throw new NotSupportedException();

        public IReadOnlyList<QueuedJob> Queue() => [];

        public string? State(string job) => state;

        public bool Requeue(string job)
        {
            Requeued.Add(job);
            return true;
        }

        public void Cancel(IReadOnlyList<string> jobs)
        {
        }
    }
}
