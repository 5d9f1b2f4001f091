using System.Globalization;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>
/// Divides stages into tasks and tasks into arrays of jobs, a pure function. Short stages of the same runs with equal resources share a task. The tasks
/// of an array have equal resources and wait for other arrays in the same way, so that one call submits them all.
/// </summary>
public static class JobPlanner
{
    /// <summary>Slurm's default limit of array indexes is 1,001.</summary>
    public const int MostTasks = 1000;

    /// <summary>
    /// With more arrays than this, tasks that wait for different tasks of an array share an array and wait for that whole array instead. Each array
    /// is one call of the scheduler.
    /// </summary>
    public const int MostArrays = 50;

    // The longest list of tasks in a dependency.
    private const int MostListed = 50;

    /// <summary>The arrays, in an order in which each follows those it waits for.</summary>
    /// <param name="stages">The stages of the plan, inputs before users.</param>
    /// <param name="runs">The runs of the plan.</param>
    /// <param name="missing">The keys of the stages to submit. Inputs that are neither here nor in <paramref name="queued"/> are complete.</param>
    /// <param name="queued">Key → job, for stages that are queued already.</param>
    /// <param name="resources">The resources of a stage.</param>
    /// <param name="seconds">The predicted time of a stage; null if it is unknown: then the stage has a separate task.</param>
    /// <param name="shortSeconds">Stages share a task up to this time.</param>
    public static IReadOnlyList<PlannedArray> Arrays(
        IReadOnlyList<StageNode> stages,
        IReadOnlyList<PlannedRun> runs,
        IReadOnlySet<string> missing,
        IReadOnlyDictionary<string, QueuedJob> queued,
        Func<StageNode, JobResources> resources,
        Func<StageNode, double?> seconds,
        double shortSeconds)
    {
        var tasks = Tasks(stages, runs, missing, queued, resources, seconds, shortSeconds, out var waited);
        var arrays = new ArrayBuilder(exact: true).Build(tasks, waited);
        return arrays.Count <= MostArrays ? arrays : new ArrayBuilder(exact: false).Build(tasks, waited);
    }

    /// <param name="waited">The tasks that are queued already and that new tasks wait for.</param>
    private static List<Task> Tasks(
        IReadOnlyList<StageNode> stages,
        IReadOnlyList<PlannedRun> runs,
        IReadOnlySet<string> missing,
        IReadOnlyDictionary<string, QueuedJob> queued,
        Func<StageNode, JobResources> resources,
        Func<StageNode, double?> seconds,
        double shortSeconds,
        out List<Task> waited)
    {
        var users = RunsOf(runs);
        var ofStage = new Dictionary<string, Task>();
        var ofJob = new Dictionary<string, Task>();
        var tasks = new List<Task>();
        foreach (var stage in stages.Where(stage => missing.Contains(stage.Key)))
        {
            var inputs = new List<Task>();
            foreach (var key in stage.Inputs.Values.Distinct())
            {
                if (ofStage.TryGetValue(key, out var own))
                {
                    inputs.Add(own);
                }
                else if (queued.TryGetValue(key, out var job))
                {
                    if (!ofJob.TryGetValue(job.Id, out var earlier))
                    {
                        ofJob[job.Id] = earlier = new(null, "", 0) { Job = job };
                    }

                    inputs.Add(earlier);
                }
            }

            var needs = resources(stage);
            var time = seconds(stage) ?? double.PositiveInfinity;
            var group = users.GetValueOrDefault(stage.Key, "");
            // A task whose other inputs all have lower levels can take the stage without a cycle.
            var task = inputs.Find(task => task.Resources == needs && task.Group == group && task.Seconds + time <= shortSeconds
                && inputs.TrueForAll(other => other == task || other.Level < task.Level));
            if (task is null)
            {
                task = new(needs, group, inputs.Count == 0 ? 1 : 1 + inputs.Max(input => input.Level));
                tasks.Add(task);
            }

            task.Stages.Add(stage);
            task.Seconds += time;
            task.Waits.UnionWith(inputs.Where(input => input != task));
            ofStage[stage.Key] = task;
        }

        waited = [.. ofJob.Values];
        return tasks;
    }

    /// <summary>The runs that a stage belongs to, as a text for comparison.</summary>
    private static Dictionary<string, string> RunsOf(IReadOnlyList<PlannedRun> runs)
    {
        var lists = new Dictionary<string, List<int>>();
        foreach (var (number, run) in runs.Index())
        {
            foreach (var key in run.Stages.Values.Distinct())
            {
                if (!lists.TryGetValue(key, out var list))
                {
                    lists[key] = list = [];
                }

                list.Add(number);
            }
        }

        return lists.ToDictionary(list => list.Key, list => string.Join(',', list.Value));
    }

    /// <summary>Stages that one job computes. A task with a <see cref="Job"/> is queued already.</summary>
    private sealed class Task(JobResources? resources, string group, int level)
    {
        public JobResources? Resources => resources;

        public string Group => group;

        /// <summary>Above the levels of all tasks that this task waits for.</summary>
        public int Level => level;

        public QueuedJob? Job { get; init; }

        public List<StageNode> Stages { get; } = [];

        public double Seconds { get; set; }

        public HashSet<Task> Waits { get; } = [];

        public Draft Array { get; set; } = null!;

        public int Index { get; set; }
    }

    /// <summary>An array of jobs; with a <see cref="Job"/> it is queued already.</summary>
    private sealed class Draft
    {
        public string? Job { get; init; }

        public int Number { get; init; }

        public List<Task> Tasks { get; init; } = [];
    }

    /// <param name="exact">Whether each task waits for exactly the tasks that it needs.</param>
    private sealed class ArrayBuilder(bool exact)
    {
        private readonly List<PlannedArray> _arrays = [];

        public IReadOnlyList<PlannedArray> Build(List<Task> tasks, List<Task> waited)
        {
            foreach (var earlier in waited.GroupBy(task => task.Job!.ArrayJob))
            {
                var draft = new Draft { Job = earlier.Key };
                foreach (var task in earlier)
                {
                    (task.Array, task.Index) = (draft, task.Job!.Index);
                    draft.Tasks.Add(task);
                }
            }

            foreach (var level in tasks.GroupBy(task => task.Level).OrderBy(level => level.Key))
            {
                foreach (var group in level.GroupBy(task => (task.Resources, Signature(task.Waits.Select(wait => Name(wait.Array))))))
                {
                    Add([.. group]);
                }
            }

            return _arrays;
        }

        private static string Name(Draft array) => array.Job ?? string.Create(CultureInfo.InvariantCulture, $"#{array.Number}");

        private static string Signature(IEnumerable<string> parts) => string.Join(' ', parts.Distinct().Order(StringComparer.Ordinal));

        private static int[] IndexesIn(Task task, Draft array) =>
            [.. task.Waits.Where(wait => wait.Array == array).Select(wait => wait.Index).Distinct().Order()];

        /// <summary>Adds tasks that have equal resources and wait for tasks of the same arrays.</summary>
        private void Add(List<Task> tasks)
        {
            var dependencies = new List<JobDependency>();
            Dictionary<Task, int>? indexes = null;
            foreach (var array in tasks[0].Waits.Select(wait => wait.Array).Distinct())
            {
                var needed = tasks.ToDictionary(task => task, task => IndexesIn(task, array));
                var first = needed[tasks[0]];
                if (tasks.TrueForAll(task => needed[task].AsSpan().SequenceEqual(first)))
                {
                    var whole = array.Job is null && first.Length == array.Tasks.Count;
                    dependencies.Add(whole || first.Length <= MostListed
                        ? new(JobDependency.AfterOk, array.Job, array.Number, whole ? null : first)
                        : new(JobDependency.AfterAny, array.Job, array.Number, null));
                }
                else if (tasks.TrueForAll(task => needed[task].Length == 1)
                    && tasks.Select(task => needed[task][0]).Distinct().Count() == tasks.Count
                    && (indexes is null || tasks.TrueForAll(task => indexes[task] == needed[task][0])))
                {
                    indexes ??= tasks.ToDictionary(task => task, task => needed[task][0]);
                    dependencies.Add(new(JobDependency.AfterCorresponding, array.Job, array.Number, null));
                }
                else if (exact)
                {
                    foreach (var part in tasks.GroupBy(task => string.Join(',', needed[task])))
                    {
                        Add([.. part]);
                    }

                    return;
                }
                else
                {
                    dependencies.Add(new(JobDependency.AfterAny, array.Job, array.Number, null));
                }
            }

            foreach (var part in tasks.Chunk(MostTasks))
            {
                var draft = new Draft { Number = _arrays.Count };
                foreach (var (place, task) in part.Index())
                {
                    (task.Array, task.Index) = (draft, indexes is null ? place : indexes[task]);
                    draft.Tasks.Add(task);
                }

                _arrays.Add(new(part[0].Resources!, [.. part.Select(task => new PlannedTask(task.Index, task.Stages)).OrderBy(task => task.Index)], dependencies));
            }
        }
    }
}

/// <summary>An array of jobs to submit.</summary>
/// <param name="Resources">The resources of each task.</param>
/// <param name="Tasks">The tasks by index.</param>
/// <param name="Dependencies">What the array waits for.</param>
public sealed record PlannedArray(JobResources Resources, IReadOnlyList<PlannedTask> Tasks, IReadOnlyList<JobDependency> Dependencies)
{
    /// <summary>Slurm's list of the indexes, such as `0-3,7`.</summary>
    public string Indexes()
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var task in Tasks)
        {
            if (ranges is [.., var (first, last)] && task.Index == last + 1)
            {
                ranges[^1] = (first, task.Index);
            }
            else
            {
                ranges.Add((task.Index, task.Index));
            }
        }

        return string.Join(',', ranges.Select(range => range.First == range.Last
            ? range.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}")));
    }
}

/// <summary>A task of an array.</summary>
/// <param name="Index">Its index in the array.</param>
/// <param name="Stages">Its stages, inputs before users.</param>
public sealed record PlannedTask(int Index, IReadOnlyList<StageNode> Stages);

/// <summary>A dependency of an array on another.</summary>
/// <param name="Type">afterok, aftercorr or afterany.</param>
/// <param name="Job">The job of an array that is queued already; null for a planned array.</param>
/// <param name="Array">The number of a planned array.</param>
/// <param name="Indexes">The tasks of that array; null: all of them.</param>
public sealed record JobDependency(string Type, string? Job, int Array, IReadOnlyList<int>? Indexes)
{
    /// <summary>Waits until all given tasks have succeeded.</summary>
    public const string AfterOk = "afterok";

    /// <summary>Each task waits until the task with the same index has succeeded.</summary>
    public const string AfterCorresponding = "aftercorr";

    /// <summary>Waits until all tasks have ended. A job whose input is missing then ends without computing.</summary>
    public const string AfterAny = "afterany";

    /// <summary>The dependency in Slurm's notation.</summary>
    /// <param name="jobs">The job of a planned array.</param>
    public string Text(Func<int, string> jobs)
    {
        var job = Job ?? jobs(Array);
        return Indexes is null
            ? $"{Type}:{job}"
            : $"{Type}:{string.Join(':', Indexes.Select(index => string.Create(CultureInfo.InvariantCulture, $"{job}_{index}")))}";
    }
}
