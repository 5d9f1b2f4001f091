using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Execution.Running;

/// <summary>Predicts the course of a run by starting stages as a coordinator does, without computing them.</summary>
public static class RunForecast
{
    /// <summary>The stages that a run would compute, in the order of their ends.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isComplete">Whether the stage with a key is in the store.</param>
    /// <param name="jobs">The number of stages that run at the same time.</param>
    /// <param name="seconds">The duration of a stage.</param>
    public static IReadOnlyList<StageForecast> Of(Plan plan, Func<string, bool> isComplete, int jobs, Func<StageNode, double> seconds)
    {
        var graph = new RunGraph(plan.Stages);
        var actions = StageActions.Of(graph, plan.Stages.ToDictionary(
            stage => stage.Key, stage => new StoredStage(isComplete(stage.Key) ? StoredStageState.Complete : StoredStageState.Missing)));
        var runs = plan.Stages.ToDictionary(
            stage => stage.Key,
            stage => new StageRun(stage) { Status = actions[stage.Key] == StageAction.Run ? StageStatus.Queued : StageStatus.Completed });
        var order = new StartOrder(graph, plan.Runs, jobs);
        var running = new PriorityQueue<(StageRun Run, double Start), double>();
        var ended = new List<StageForecast>();
        double now = 0;
        while (true)
        {
            foreach (var run in order.Ready(runs).Take(jobs - running.Count))
            {
                run.Status = StageStatus.Running;
                running.Enqueue((run, now), now + seconds(run.Node));
            }

            if (!running.TryDequeue(out var first, out now))
            {
                return ended;
            }

            first.Run.Status = StageStatus.Completed;
            ended.Add(new(first.Run.Node, first.Start, now));
        }
    }
}

/// <summary>The complete stages that a run would compute again, because they have dropped files that it needs.</summary>
public static class RestoredStages
{
    /// <summary>The keys of the stages.</summary>
    /// <param name="keep">See <see cref="RunOptions.Keep"/>.</param>
    /// <exception cref="MfRae.Lab.Core.LabException">A record of the store cannot be read.</exception>
    public static IReadOnlySet<string> Of(Plan plan, ArtifactStore store, StoredFileKinds keep = StoredFileKinds.None)
    {
        var findings = plan.Stages.ToDictionary(stage => stage.Key, stage => StoreSurvey.Look(store, stage.Key, new()));
        return StageActions.Of(new(plan.Stages), findings, keep)
            .Where(action => action.Value == StageAction.Run && findings[action.Key].State == StoredStageState.Complete)
            .Select(action => action.Key).ToHashSet();
    }
}

/// <summary>When a stage would run.</summary>
/// <param name="Node">The stage.</param>
/// <param name="Start">Seconds from the start of the run to the start of the stage.</param>
/// <param name="End">Seconds from the start of the run to the end of the stage.</param>
public sealed record StageForecast(StageNode Node, double Start, double End);
