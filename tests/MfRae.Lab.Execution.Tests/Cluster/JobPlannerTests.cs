using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Cluster;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Cluster;

public sealed class JobPlannerTests
{
    private static readonly JobResources Cpu = new(null, null, null, null, "1:00:00", 1, 0, null);
    private static readonly JobResources Gpu = Cpu with { Gpus = 1 };

    [Fact]
    public void Stages_of_unknown_time_have_tasks_of_their_own_and_wait_for_exactly_their_inputs()
    {
        var (stages, runs) = Sweep(arms: 3, seeds: 2);

        var arrays = Plan(stages, runs);

        Describe(arrays).Should().Equal(
            "data",
            "teacher-0; teacher-1 afterok:0",
            "train-0-0; train-1-0; train-2-0 afterok:1_0",
            "train-0-1; train-1-1; train-2-1 afterok:1_1",
            "test-0-0; test-1-0; test-2-0 aftercorr:2 afterok:0",
            "test-0-1; test-1-1; test-2-1 aftercorr:3 afterok:0");
    }

    [Fact]
    public void Short_stages_of_one_arm_and_seed_share_a_task()
    {
        var (stages, runs) = Sweep(arms: 2, seeds: 1);

        var arrays = Plan(stages, runs, seconds: _ => 100);

        Describe(arrays).Should().Equal("data, teacher-0", "train-0-0, test-0-0; train-1-0, test-1-0 afterok:0");
    }

    [Fact]
    public void Stages_with_other_resources_have_other_arrays()
    {
        var (stages, runs) = Sweep(arms: 2, seeds: 1);

        var arrays = Plan(stages, runs, seconds: _ => 100, resources: stage => stage.Label.StartsWith('t') && stage.Label[1] != 'e' ? Gpu : Cpu);

        Describe(arrays).Should().Equal("data, teacher-0", "train-0-0; train-1-0 afterok:0", "test-0-0; test-1-0 aftercorr:1 afterok:0");
        arrays.Select(array => array.Resources.Gpus).Should().Equal(0, 1, 0);
    }

    [Fact]
    public void A_long_chain_is_split_by_predicted_time()
    {
        var (stages, runs) = Sweep(arms: 1, seeds: 1);

        Describe(Plan(stages, runs, seconds: _ => 700)).Should().Equal("data, teacher-0", "train-0-0, test-0-0 afterok:0");
    }

    [Fact]
    public void Missing_stages_wait_for_the_jobs_that_are_queued_already()
    {
        var (stages, runs) = Sweep(arms: 2, seeds: 1);
        var queued = new Dictionary<string, QueuedJob>
        {
            [TestPlan.KeyOf("train-0-0")] = new("71_4", "PENDING", "Priority", "x/a-0"),
            [TestPlan.KeyOf("train-1-0")] = new("71_2", "RUNNING", "None", "x/a-0"),
        };
        var missing = stages.Where(stage => stage.Label.StartsWith("test", StringComparison.Ordinal)).Select(stage => stage.Key).ToHashSet();

        var arrays = JobPlanner.Arrays(stages, runs, missing, queued, _ => Cpu, _ => null, 0);

        Describe(arrays).Should().Equal("test-1-0; test-0-0 aftercorr:71");
        arrays[0].Indexes().Should().Be("2,4", "the index of a task is that of the task it waits for");
    }

    [Fact]
    public void A_thousand_stages_need_few_calls_of_the_scheduler_and_arrays_wait_for_earlier_ones_only()
    {
        var (stages, runs) = Sweep(arms: 16, seeds: 31);
        stages.Count.Should().BeGreaterThan(1000);

        var arrays = Plan(stages, runs);

        // One look at the queue before, and one after.
        (arrays.Count + 2).Should().BeLessThanOrEqualTo(60);
        arrays.Sum(array => array.Tasks.Sum(task => task.Stages.Count)).Should().Be(stages.Count);
        foreach (var (number, array) in arrays.Index())
        {
            array.Dependencies.Where(dependency => dependency.Array >= number).Should().BeEmpty();
            array.Tasks.Should().OnlyContain(task => task.Index < JobPlanner.MostTasks);
            array.Tasks.Select(task => task.Index).Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public void Ten_thousand_stages_are_submitted_once_with_few_calls()
    {
        using var folder = new TemporaryFolder();
        var store = new ArtifactStore(Path.Combine(folder.Root, "store"));
        var (stages, runs) = Sweep(arms: 50, seeds: 100);
        stages.Count.Should().BeGreaterThan(10_000);
        var plan = TestPlan.Of([.. stages]) with { Runs = runs };
        foreach (var stage in stages.Take(4000))
        {
            Directory.CreateDirectory(store.CompleteFolder(stage.Key));
            File.WriteAllText(Path.Combine(store.CompleteFolder(stage.Key), ArtifactStore.ManifestName), "");
        }

        var order = new JobOrder(new(), new(Device: "cpu"), folder.Root, ["lab"]);
        var first = new Recorder();
        JobSubmission.Of(store, plan, [], order, new(), _ => null).Submit(first);
        var again = JobSubmission.Of(store, plan, first.Queue(), order, new(), _ => null);

        first.Queue().Count.Should().Be(stages.Count - 4000);
        first.Calls.Should().BeLessThanOrEqualTo(60);
        again.Arrays.Should().BeEmpty("everything is complete or queued");
    }

    /// <summary>A sweep: data → a teacher for each seed → training and test for each arm and seed.</summary>
    public static (IReadOnlyList<StageNode> Stages, IReadOnlyList<PlannedRun> Runs) Sweep(int arms, int seeds)
    {
        var data = TestPlan.Stage("data", "");
        var stages = new List<StageNode> { data };
        var runs = new List<PlannedRun>();
        foreach (var seed in Enumerable.Range(0, seeds))
        {
            var teacher = TestPlan.Stage($"teacher-{seed}", "", data);
            stages.Add(teacher);
            foreach (var arm in Enumerable.Range(0, arms))
            {
                var train = TestPlan.Stage($"train-{arm}-{seed}", "", teacher);
                var test = TestPlan.Stage($"test-{arm}-{seed}", "", train, data);
                stages.AddRange([train, test]);
                runs.Add(new($"{arm}-{seed}", $"{arm}", seed, new Dictionary<string, string>
                {
                    ["dataset"] = data.Key,
                    ["teacher"] = teacher.Key,
                    ["meanflow"] = train.Key,
                    ["evaluation"] = test.Key,
                }));
            }
        }

        return (stages, runs);
    }

    private static IReadOnlyList<PlannedArray> Plan(
        IReadOnlyList<StageNode> stages, IReadOnlyList<PlannedRun> runs, Func<StageNode, double?>? seconds = null, Func<StageNode, JobResources>? resources = null) =>
        JobPlanner.Arrays(
            stages, runs, stages.Select(stage => stage.Key).ToHashSet(), new Dictionary<string, QueuedJob>(), resources ?? (_ => Cpu), seconds ?? (_ => null), 1500);

    private static IEnumerable<string> Describe(IReadOnlyList<PlannedArray> arrays) => arrays.Select(array =>
        string.Join("; ", array.Tasks.Select(task => string.Join(", ", task.Stages.Select(stage => stage.Label))))
        + string.Concat(array.Dependencies.Select(dependency => " " + dependency.Text(number => number.ToString(CultureInfo.InvariantCulture)))));

    /// <summary>A scheduler that keeps every job waiting.</summary>
    private sealed class Recorder : IJobScheduler
    {
        private readonly List<QueuedJob> _queue = [];

        public int Calls { get; private set; }

        public string Submit(string script, string dependencies)
        {
            Calls++;
            var job = Calls.ToString(CultureInfo.InvariantCulture);
            var array = JobFolder.Read(Path.ChangeExtension(script, ".json"));
            var comment = File.ReadLines(script).Single(line => line.StartsWith("#SBATCH --comment=", StringComparison.Ordinal)).Split('=')[1];
            _queue.AddRange(array.Tasks.Select(task => new QueuedJob($"{job}_{task.Index}", "PENDING", "Priority", comment)));
            return job;
        }

        public IReadOnlyList<QueuedJob> Queue() => _queue;

        public string? State(string job) => null;

        public bool Requeue(string job) => false;

        public void Cancel(IReadOnlyList<string> jobs)
        {
        }
    }
}
