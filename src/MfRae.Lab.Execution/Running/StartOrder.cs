using System.Globalization;
using System.Numerics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Which stages start next. A failure in the evaluation is found before hours of training: the feature network, references, ladder and
/// reconstruction come first, then what they need, then the way with the most work to the end of the plan. The order changes no number.
/// </summary>
internal sealed class StartOrder
{
    private const int Last = 2;

    private readonly RunGraph _graph;
    private readonly HashSet<string> _neededByEvaluation = [];

    public StartOrder(RunGraph graph)
    {
        this._graph = graph;
        foreach (var stage in graph.Stages.Reverse())
        {
            if (graph.Users(stage.Key).Any(user => IsEvaluation(user) || _neededByEvaluation.Contains(user.Key)))
            {
                _neededByEvaluation.Add(stage.Key);
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
        // Whether a stage has an end to wait for, and none of those before it that are still to run is a training.
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

/// <summary>A plan's stages with the edges in both directions.</summary>
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

    /// <summary>Inputs before users.</summary>
    public IReadOnlyList<StageNode> Stages { get; }

    public IReadOnlyList<StageNode> Users(string key) => _users[key];

    /// <summary>Work on the longest way from this stage, included, to an end of the plan (<see cref="StageDefinition.Work"/>).</summary>
    public long Chain(string key) => _chains[key];
}

/// <summary>
/// How the machine is shared out among workers. Libtorch adds numbers up thread by thread, so the last bits of a training depend on how
/// many it has: that number follows from the machine alone, never from what else runs or how many jobs there may be.
/// </summary>
internal static class ResourceAllocation
{
    // Small networks gain little from many threads, and there are more arms and seeds to train than cores. A quarter of the cores leaves
    // a large machine something to do while a single stage is in hand.
    private const int Workers = 4;

    /// <summary>Threads of each worker's numerics.</summary>
    public static int Threads(RunSettings settings, int cores) =>
        settings.Threads > 0 ? settings.Threads : 1 << BitOperations.Log2((uint)Math.Max(1, cores / Workers));

    /// <summary>
    /// What one worker is told. Jobs on `cuda` without a number each have a device of their own: the first free one, counting those that
    /// CUDA_VISIBLE_DEVICES shows.
    /// </summary>
    /// <param name="place">Which of the jobs it is, from 0.</param>
    public static RunSettings Of(RunSettings settings, int cores, int place) => settings with
    {
        Threads = Threads(settings, cores),
        Device = settings is { Device: "cuda", Jobs: > 1 } ? string.Create(CultureInfo.InvariantCulture, $"cuda:{place}") : settings.Device,
    };

    /// <summary>Workers at once.</summary>
    public static int Jobs(RunSettings settings, int cores) =>
        settings.Jobs > 0 ? settings.Jobs
        : settings.Device.StartsWith("cuda", StringComparison.Ordinal) ? 1
        : Math.Max(1, cores / Threads(settings, cores));
}
