using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core.Execution;

/// <summary>
/// Which stages start next. A failure in the evaluation is found before hours of training: the feature network, references, ladder and
/// reconstruction come first, then what they need, then the way with the most work to the end of the plan. The order changes no number.
/// </summary>
internal sealed class StartOrder
{
    private const int Last = 2;

    private readonly RunGraph graph;
    private readonly HashSet<string> neededByEvaluation = [];

    public StartOrder(RunGraph graph)
    {
        this.graph = graph;
        foreach (var stage in graph.Stages.Reverse())
        {
            if (graph.Users(stage.Key).Any(user => IsEvaluation(user) || neededByEvaluation.Contains(user.Key)))
            {
                neededByEvaluation.Add(stage.Key);
            }
        }
    }

    /// <summary>
    /// The queued stages whose inputs are complete, in the order in which they start. Training is held back while a stage of the
    /// evaluation can run, or waits only for stages that train nothing.
    /// </summary>
    public IReadOnlyList<StageRun> Ready(IReadOnlyDictionary<string, StageRun> runs)
    {
        bool evaluates = EvaluationIsNear(runs);
        return
        [
            .. graph.Stages.Select(stage => runs[stage.Key])
                .Where(run => run.Status == StageStatus.Queued)
                .Where(run => run.Node.Inputs.Values.All(input => runs[input].Status == StageStatus.Completed))
                .Where(run => !evaluates || IsEvaluation(run.Node) || !StageWork.Trains(run.Node.Definition))
                .OrderBy(run => Rank(run.Node))
                .ThenByDescending(run => graph.Chain(run.Key)),
        ];
    }

    private bool EvaluationIsNear(IReadOnlyDictionary<string, StageRun> runs)
    {
        // Whether a stage has an end to wait for, and none of those before it that are still to run is a training.
        var near = new Dictionary<string, bool>();
        foreach (var stage in graph.Stages)
        {
            near[stage.Key] = !StageWork.Trains(stage.Definition)
                && stage.Inputs.Values.All(input => runs[input].Status == StageStatus.Completed || (IsOpen(runs[input]) && near[input]));
            if (near[stage.Key] && IsEvaluation(stage) && IsOpen(runs[stage.Key]))
            {
                return true;
            }
        }

        return false;
    }

    private int Rank(StageNode stage) => IsEvaluation(stage) ? 0 : neededByEvaluation.Contains(stage.Key) ? 1 : Last;

    private static bool IsOpen(StageRun run) => run.Status is StageStatus.Queued or StageStatus.Running;

    private static bool IsEvaluation(StageNode stage) =>
        stage.Definition is FeatureStage or ReferenceStage or LadderStage or ReconstructionStage;
}
