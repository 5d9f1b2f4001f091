using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>
/// Computes the stages of one task of an array, in a job. It is a coordinator without a database: it holds the leases of its stages, and starts
/// a worker for each. The record of its end is written into the store, and a later command ingests the journals.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="log">Receives the events.</param>
/// <param name="launcher">Starts the workers.</param>
/// <param name="time">The clock.</param>
/// <param name="me">The job, such as `12_3`; null outside of a scheduler.</param>
/// <param name="restart">How often the scheduler has started the job before.</param>
public sealed class StageJob(ArtifactStore store, IRunLog log, IWorkerLauncher launcher, TimeProvider time, string? me, int restart)
{
    /// <summary>The exit code of a job that was asked to stop: that of SIGTERM.</summary>
    public const int Stopped = 143;

    private const int Incomplete = 1;
    private const int Environment = 4;
    private const int Locked = 5;

    /// <summary>Computes the stages.</summary>
    /// <param name="path">The description of the array.</param>
    /// <param name="index">The index of the task.</param>
    /// <param name="stop">Asks the workers to write checkpoints and exit.</param>
    /// <returns>The exit code of the job: 0 if all its stages are complete.</returns>
    /// <exception cref="LabException">The array has no such task.</exception>
    public int Run(string path, int index, CancellationToken stop)
    {
        var array = JobFolder.Read(path);
        var task = array.Tasks.FirstOrDefault(task => task.Index == index)
            ?? throw new LabException($"{path}: has no task {index}");
        var (code, message, states) = Compute(array, task, stop);
        var exit = new JobExit(1, me ?? "", restart, System.Environment.MachineName, time.GetUtcNow(), code, states, message);
        JobFolder.WriteExit(Path.ChangeExtension(path, null), index, exit);
        if (message is not null && states.Count == 0)
        {
            log.Notice(message);
        }

        return code;
    }

    /// <summary>
    /// Starts the task again if it stopped before its time limit. A job that was preempted or cancelled is left to the scheduler: then it no
    /// longer counts as running.
    /// </summary>
    /// <returns>Whether the scheduler starts the task again.</returns>
    public bool Requeue(string path, IJobScheduler scheduler) =>
        me is not null && restart < JobFolder.Read(path).MaxRequeues && scheduler.State(me) == "RUNNING" && scheduler.Requeue(me);

    private (int Code, string? Message, IReadOnlyDictionary<string, string> States) Compute(JobArray array, JobTask task, CancellationToken stop)
    {
        var nodes = array.Stages.ToDictionary(stage => stage.Key);
        var stages = task.Keys.Select(key => nodes[key]).ToList();
        var none = new Dictionary<string, string>();
        try
        {
            if (Missing(nodes, stages, stop) is { } missing)
            {
                return (Incomplete, missing, none);
            }

            var options = new RunOptions(
                RetryFailed: array.RetryFailed,
                Origin: array.Run,
                Flops: array.Flops is { } flops ? new(() => flops) : null,
                Memory: array.Memory is { } memory ? new(() => memory) : null,
                // A complete stage is part of a task only for its dropped files.
                Keep: StoredFileKinds.All);
            var outcome = new Coordinator(store, log, launcher, array.Settings, options, array.WorkingDirectory, time).Run(PlanOf(array, stages), stop);
            var states = outcome.Stages.ToDictionary(stage => stage.Node.Key, stage => stage.Status.Name());
            var error = outcome.Stages.FirstOrDefault(stage => stage.Status.IsFailure())?.Error?.Split('\n')[0];
            return (outcome.Succeeded ? 0 : outcome.Interrupted && !outcome.AnyFailed ? Stopped : Incomplete, error, states);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return (Stopped, "stopped before a stage started", none);
        }
        catch (StoreLockedException e)
        {
            return (Locked, e.Message, none);
        }
        catch (LabException e)
        {
            return (Environment, e.Message, none);
        }
    }

    /// <summary>Why the stages cannot be computed: an input from another job is missing or damaged. Null if all are complete.</summary>
    private string? Missing(Dictionary<string, StageNode> nodes, List<StageNode> stages, CancellationToken stop)
    {
        var own = stages.Select(stage => stage.Key).ToHashSet();
        foreach (var key in stages.Where(stage => !store.IsComplete(stage.Key)).SelectMany(stage => stage.Inputs.Values).Distinct().Where(key => !own.Contains(key)))
        {
            store.TryPublish(key);
            if (!store.IsComplete(key))
            {
                return $"skipped: it needs {nodes[key].Label}, which is not complete";
            }

            if (store.Verify(key, stop) is { Ok: false } damage)
            {
                store.SetAside(key, damage.ToString());
                return $"skipped: the files of {nodes[key].Label} were damaged and were set aside ({damage}). Run the same command again to compute them";
            }

            if ((store.Dropped(key) & Read(stages, key)) is var dropped && dropped != StoredFileKinds.None)
            {
                return $"skipped: it needs the {StoredFiles.Text(dropped)} of {nodes[key].Label}, which were dropped. Run the same command again to compute them";
            }
        }

        return null;
    }

    /// <summary>The kinds of files of an input that stages read.</summary>
    private static StoredFileKinds Read(IEnumerable<StageNode> stages, string key) => stages
        .SelectMany(stage => stage.Inputs.Where(input => input.Value == key).Select(input => stage.Definition.Reads(input.Key)))
        .Aggregate(StoredFileKinds.None, (all, kinds) => all | kinds);

    /// <summary>A plan of the stages. Only the name of the experiment matters to a coordinator.</summary>
    private static Plan PlanOf(JobArray array, IReadOnlyList<StageNode> stages) => new(
        new(array.Experiment, "", "", "", "", [], [], new(new PretrainedFeatureOptions("none"), [], []), []), stages, [], "");
}
