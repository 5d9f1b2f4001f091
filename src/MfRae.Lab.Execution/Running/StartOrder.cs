using System.Globalization;
using System.Numerics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Chooses the stages that start next. Evaluation stages (feature network, references, ladder, reconstruction) come first with their inputs,
/// so that a failure in the evaluation appears before hours of training. Then comes the path with the most work to the end of the plan. The
/// order does not change any result.
/// </summary>
internal sealed class StartOrder
{
    private const int Last = 2;

    private readonly RunGraph _graph;
    private readonly HashSet<string> _neededByEvaluation = [];

    public StartOrder(RunGraph graph)
    {
        _graph = graph;
        foreach (var stage in graph.Stages.Reverse())
        {
            if (graph.Users(stage.Key).Any(user => IsEvaluation(user) || _neededByEvaluation.Contains(user.Key)))
            {
                _neededByEvaluation.Add(stage.Key);
            }
        }
    }

    /// <summary>
    /// The queued stages whose inputs are complete, in start order. Training waits while an evaluation stage can run or waits only for stages
    /// without training.
    /// </summary>
    public IReadOnlyList<StageRun> Ready(IReadOnlyDictionary<string, StageRun> runs)
    {
        bool evaluates = EvaluationIsNear(runs);
        return
        [
            .. _graph.Stages.Select(stage => runs[stage.Key])
                .Where(run => run.Status == StageStatus.Queued)
                .Where(run => run.Node.Inputs.Values.All(input => runs[input].Status == StageStatus.Completed))
                .Where(run => !evaluates || IsEvaluation(run.Node) || !run.Node.Definition.Trains())
                .OrderBy(run => Rank(run.Node))
                .ThenByDescending(run => _graph.Chain(run.Key)),
        ];
    }

    private bool EvaluationIsNear(IReadOnlyDictionary<string, StageRun> runs)
    {
        // Whether a stage still has to run and no training stage must run before it.
        var near = new Dictionary<string, bool>();
        foreach (var stage in _graph.Stages)
        {
            near[stage.Key] = !stage.Definition.Trains()
                && stage.Inputs.Values.All(input => runs[input].Status == StageStatus.Completed || (IsOpen(runs[input]) && near[input]));
            if (near[stage.Key] && IsEvaluation(stage) && IsOpen(runs[stage.Key]))
            {
                return true;
            }
        }

        return false;
    }

    private int Rank(StageNode stage) => IsEvaluation(stage) ? 0 : _neededByEvaluation.Contains(stage.Key) ? 1 : Last;

    private static bool IsOpen(StageRun run) => run.Status is StageStatus.Queued or StageStatus.Running;

    private static bool IsEvaluation(StageNode stage) =>
        stage.Definition is FeatureStage or ReferenceStage or LadderStage or ReconstructionStage;
}

/// <summary>The stages of a plan with their edges in both directions.</summary>
internal sealed class RunGraph
{
    private readonly Dictionary<string, List<StageNode>> _users;
    private readonly Dictionary<string, long> _chains = [];

    public RunGraph(IReadOnlyList<StageNode> stages)
    {
        Stages = stages;
        _users = stages.ToDictionary(stage => stage.Key, _ => new List<StageNode>());
        foreach (var stage in stages)
        {
            foreach (var input in stage.Inputs.Values.Distinct())
            {
                _users[input].Add(stage);
            }
        }

        foreach (var stage in stages.Reverse())
        {
            _chains[stage.Key] = stage.Definition.Work() + _users[stage.Key].Select(user => _chains[user.Key]).DefaultIfEmpty(0L).Max();
        }
    }

    /// <summary>The stages; each follows its inputs.</summary>
    public IReadOnlyList<StageNode> Stages { get; }

    public IReadOnlyList<StageNode> Users(string key) => _users[key];

    /// <summary>The work on the longest path from this stage to an end of the plan, including the stage (<see cref="StageDefinition.Work"/>).</summary>
    public long Chain(string key) => _chains[key];
}

/// <summary>
/// Divides the machine among workers. Libtorch sums thread by thread, so the last bits of a training depend on the number of threads. That
/// number therefore depends only on the machine, never on other processes or on the number of jobs.
/// </summary>
internal static class ResourceAllocation
{
    // Small networks gain little from many threads, and a plan usually has more arms and seeds than the machine has cores. A quarter of the
    // cores still uses a large machine reasonably when only a single stage runs.
    private const int Workers = 4;

    /// <summary>The number of numeric threads of each worker.</summary>
    public static int Threads(RunSettings settings, int cores) =>
        settings.Threads > 0 ? settings.Threads : 1 << BitOperations.Log2((uint)Math.Max(1, cores / Workers));

    /// <summary>
    /// The settings of one worker. With `cuda` without a number, each job gets a separate device: the first free device among those that
    /// CUDA_VISIBLE_DEVICES lists.
    /// </summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="cores">The number of processor cores.</param>
    /// <param name="place">The index of the job, from 0.</param>
    public static RunSettings Of(RunSettings settings, int cores, int place) => settings with
    {
        Threads = Threads(settings, cores),
        Device = settings is { Device: "cuda", Jobs: > 1 } ? string.Create(CultureInfo.InvariantCulture, $"cuda:{place}") : settings.Device,
    };

    /// <summary>The number of workers that run at the same time.</summary>
    public static int Jobs(RunSettings settings, int cores) =>
        settings.Jobs > 0 ? settings.Jobs
        : settings.Device.StartsWith("cuda", StringComparison.Ordinal) ? 1
        : Math.Max(1, cores / Threads(settings, cores));
}
