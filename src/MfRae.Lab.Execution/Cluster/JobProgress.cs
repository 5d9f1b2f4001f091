using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Cluster;

/// <summary>
/// Ingests what jobs have written into the store, and determines the states of stages from the store and the queue. Each look reports only
/// what has changed since the one before.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="log">Receives journals and states.</param>
/// <param name="time">The clock.</param>
/// <param name="experiment">The experiment.</param>
/// <param name="stages">Its stages, inputs before users.</param>
/// <param name="ingested">The keys of stages whose journals need not be ingested again if the stages are complete.</param>
public sealed class JobProgress(
    ArtifactStore store, IRunLog log, TimeProvider time, string experiment, IReadOnlyList<PlannedStage> stages, IReadOnlySet<string> ingested)
{
    private readonly JobFolder _folder = new(store);
    private readonly HashSet<string> _complete = [];
    private readonly Dictionary<(string Key, int Attempt), JournalTail> _tails = [];
    private readonly Dictionary<string, StageProgress> _states = [];

    /// <summary>The states after the last look, in the order of the stages.</summary>
    public IReadOnlyList<StageProgress> States => [.. stages.Select(stage => _states[stage.Key])];

    /// <summary>Ingests journals and determines the states.</summary>
    /// <param name="queue">The jobs in the queue, read before this call: a job that ended in between has left its results.</param>
    /// <returns>Whether a stage is queued or running.</returns>
    public bool Look(IReadOnlyList<QueuedJob> queue)
    {
        var jobs = _folder.Stages(queue);
        // Only stages without another trace need a record of the end of their job, and there is one for each task.
        var exits = new Lazy<Dictionary<string, JobExit>>(() => _folder.Exits(experiment));
        foreach (var stage in stages)
        {
            var now = Of(stage, jobs.GetValueOrDefault(stage.Key), exits);
            if (_states.TryGetValue(stage.Key, out var before) && before == now)
            {
                continue;
            }

            _states[stage.Key] = now;
            // The beginning of the plan has reported the stages that were complete already.
            if (before is not null || now.Status != StageStatus.Completed || !ingested.Contains(stage.Key))
            {
                log.Status(stage.Key, now.Status, now.Reason);
            }
        }

        _folder.WriteQueued(experiment, _folder.Open(experiment, queue).Count);
        return _states.Values.Any(state => state.Status is StageStatus.Queued or StageStatus.Running);
    }

    private StageProgress Of(PlannedStage stage, QueuedJob? job, Lazy<Dictionary<string, JobExit>> exits)
    {
        var key = stage.Key;
        if (_complete.Contains(key) || store.IsComplete(key))
        {
            if (_complete.Add(key) && !ingested.Contains(key))
            {
                Pump(key);
            }

            return new(stage, StageStatus.Completed, null);
        }

        var (attempts, end) = Pump(key);
        var isOpen = attempts > 0 && end is null;
        if (job is not null)
        {
            var again = attempts > 0 && job.Waits ? $"; starts again after attempt {attempts}" : "";
            return new(stage, isOpen && !job.Waits ? StageStatus.Running : StageStatus.Queued, job.Describe() + again);
        }

        if (isOpen && StageLeases.LiveOwner(store, key, time) is { } owner)
        {
            return new(stage, StageStatus.Running, owner.ToString());
        }

        if (stage.Inputs.Values.Select(input => _states.GetValueOrDefault(input)).FirstOrDefault(input => input is not null
            && (input.Status.IsFailure() || input.Status is StageStatus.Skipped or StageStatus.Stopped)) is { } culprit)
        {
            return new(stage, StageStatus.Skipped, $"it needs {culprit.Stage.Label}, which {culprit.Status.Predicate()}");
        }

        return attempts > 0
            ? new(stage, end is null ? StageStatus.Interrupted : AttemptStatus.Leaves(end.Status) ?? StageStatus.Interrupted,
                end is null ? "its job ended without a record" : end.Error?.Split('\n')[0])
            : OfExit(stage, exits.Value.GetValueOrDefault(key));
    }

    /// <summary>The state of a stage that no worker has written about: its worker could not start, or the job ended before.</summary>
    private static StageProgress OfExit(PlannedStage stage, JobExit? exit) => exit switch
    {
        { Code: not 0 } when exit.Stages.TryGetValue(stage.Key, out var name) && AttemptStatus.Leaves(name) is { } status => new(stage, status, exit.Message),
        { Code: not 0, Message: { } message } => new(stage, StageStatus.Skipped, message),
        _ => new(stage, StageStatus.Planned, null),
    };

    /// <summary>Ingests new lines of a stage's journals.</summary>
    /// <returns>The number of the last attempt, or 0, and its end, or null.</returns>
    private (int Attempt, FinishedEvent? End) Pump(string key)
    {
        if (store.Find(key) is not { } folder)
        {
            return (0, null);
        }

        (int, FinishedEvent?) last = (0, null);
        foreach (var journal in JournalFile.In(folder))
        {
            if (!_tails.TryGetValue((key, journal.Attempt), out var tail))
            {
                _tails[(key, journal.Attempt)] = tail = new(store, log, key, journal.Attempt);
            }

            tail.Pump();
            last = (journal.Attempt, tail.Finished);
        }

        return last;
    }
}

/// <summary>The state of a stage whose jobs a scheduler runs.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Status">The state.</param>
/// <param name="Reason">The job with the scheduler's reason, or why the stage has no result; null if neither is known.</param>
public sealed record StageProgress(PlannedStage Stage, StageStatus Status, string? Reason);
