using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>
/// The jobs that a plan needs now: for the stages that are neither complete nor queued. It follows from the store and the queue alone, so the same
/// command again submits what is missing.
/// </summary>
public sealed class JobSubmission
{
    private readonly ArtifactStore _store;
    private readonly Plan _plan;
    private readonly JobOrder _order;
    private readonly RunOptions _options;
    private readonly JobFolder _folder;
    private readonly string _submission = Guid.NewGuid().ToString("N")[..8];

    private JobSubmission(ArtifactStore store, Plan plan, JobOrder order, RunOptions options, IReadOnlyList<PlannedArray> arrays)
    {
        (_store, _plan, _order, _options, Arrays) = (store, plan, order, options, arrays);
        _folder = new(store);
    }

    /// <summary>The arrays to submit.</summary>
    public IReadOnlyList<PlannedArray> Arrays { get; }

    /// <summary>Plans the jobs.</summary>
    /// <param name="store">The store.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="queue">The jobs in the queue.</param>
    /// <param name="order">How to compute the stages.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="seconds">The predicted time of a stage, or null.</param>
    public static JobSubmission Of(
        ArtifactStore store, Plan plan, IReadOnlyList<QueuedJob> queue, JobOrder order, RunOptions options, Func<StageNode, double?> seconds)
    {
        var graph = new RunGraph(plan.Stages);
        // The jobs verify the files of their inputs. Hashing them all here would take as long as reading the store.
        var actions = StageActions.Of(graph, plan.Stages.ToDictionary(stage => stage.Key, stage => StoreSurvey.Look(store, stage.Key, options)), options.Keep);
        var queued = new JobFolder(store).Stages(queue);
        var missing = actions.Where(action => action.Value == StageAction.Run && !queued.ContainsKey(action.Key)).Select(action => action.Key).ToHashSet();
        return new(store, plan, order, options, JobPlanner.Arrays(
            plan.Stages, plan.Runs, missing, queued, order.Profile.Of, seconds, order.Profile.ShortMinutes * 60));
    }

    /// <summary>Submits the arrays. Each is one call of the scheduler.</summary>
    public void Submit(IJobScheduler scheduler)
    {
        var nodes = _plan.Stages.ToDictionary(stage => stage.Key);
        var jobs = new List<string>();
        foreach (var (number, array) in Arrays.Index())
        {
            var stages = array.Tasks.SelectMany(task => task.Stages).ToList();
            var keys = stages.Select(stage => stage.Key).ToHashSet();
            // The labels and keys of the inputs, for the check of a job before it starts.
            var inputs = stages.SelectMany(stage => stage.Inputs.Values).Distinct().Where(key => !keys.Contains(key)).Select(key => nodes[key]);
            Dictionary<string, T>? Own<T>(IReadOnlyDictionary<string, T>? all) =>
                all?.Where(entry => keys.Contains(entry.Key)).ToDictionary(entry => entry.Key, entry => entry.Value);
            var record = new JobArray(
                1,
                _plan.Experiment.Name,
                _order.WorkingDirectory,
                _order.Settings with
                {
                    Device = array.Resources.Gpus == 0 ? "cpu" : _order.Settings.Device == "auto" ? "cuda" : _order.Settings.Device,
                    Threads = array.Resources.Cpus,
                    Jobs = 1,
                    Ranks = array.Resources.Ranks,
                    RankLauncher = _order.Profile.RankLauncher,
                },
                _options.RetryFailed,
                _order.Profile.MaxRequeues,
                _options.Origin,
                [.. stages, .. inputs],
                [.. array.Tasks.Select(task => new JobTask(task.Index, [.. task.Stages.Select(stage => stage.Key)]))],
                Own(_options.Flops?.Value),
                _order.Settings.MicroBatch == RunSettings.AutoMicroBatch ? Own(_options.Memory?.Value) : null);
            jobs.Add(scheduler.Submit(_folder.Write(Name(number), record, Script(number)), Dependencies(array, other => jobs[other])));
        }
    }

    /// <summary>The scripts and the calls that would submit them, for `--dry-run`.</summary>
    public IEnumerable<string> Describe()
    {
        foreach (var (number, array) in Arrays.Index())
        {
            var dependencies = Dependencies(array, other => $"$job{other}");
            yield return $"# job{number}: {string.Join("; ", array.Tasks.Select(task => string.Join(", ", task.Stages.Select(stage => stage.Label))))}\n"
                + $"# sbatch --parsable {(dependencies.Length > 0 ? $"--dependency={dependencies} " : "")}{_folder.PathOf(Name(number))}.sh\n{Script(number)}";
        }
    }

    private string Name(int number) => JobFolder.NameOf(_plan.Experiment.Name, _submission, number);

    private string Script(int number) => BatchScript.Of(
        Name(number), _folder.PathOf(Name(number)), Arrays[number], _order.WorkingDirectory, _order.Profile.Prologue ?? [], [.. _order.Program]);

    private static string Dependencies(PlannedArray array, Func<int, string> jobs) =>
        string.Join(',', array.Dependencies.Select(dependency => dependency.Text(jobs)));
}

/// <summary>How the jobs of a plan compute its stages.</summary>
/// <param name="Profile">The resources.</param>
/// <param name="Settings">The settings of the run.</param>
/// <param name="WorkingDirectory">The folder that relative paths in options start from.</param>
/// <param name="Program">This program, with its first arguments.</param>
public sealed record JobOrder(ClusterProfile Profile, RunSettings Settings, string WorkingDirectory, IReadOnlyList<string> Program);
