using System.Globalization;
using System.Numerics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Execution.Running;

/// <summary>
/// Chooses the stages that start next. Evaluation stages (feature network, references, ladder, reconstruction) come first with their inputs,
/// so that a failure in the evaluation appears before hours of training. Then come the runs one after another: all arms of the first seed in
/// the order of the file, then all arms of the second seed, so that whole runs, and pairs of arms, are complete early. Within a run the path
/// with the most work comes first. Stages that no result of a run waits for, such as snapshots, come last; with several jobs, one with a long path
/// starts in time, so that the run does not end with a single busy worker. The order does not change any result.
/// </summary>
internal sealed class StartOrder
{
    private readonly RunGraph _graph;
    private readonly int _jobs;
    private readonly HashSet<string> _neededByEvaluation = [];
    private readonly Dictionary<string, int> _firstRun = [];
    private readonly HashSet<string> _neededByResult = [];

    /// <param name="runs">The runs of the plan, in its order.</param>
    /// <param name="jobs">The number of stages that run at the same time.</param>
    public StartOrder(RunGraph graph, IReadOnlyList<PlannedRun> runs, int jobs)
    {
        (_graph, _jobs) = (graph, jobs);
        foreach (var stage in graph.Stages.Reverse())
        {
            if (graph.Users(stage.Key).Any(user => IsEvaluation(user) || _neededByEvaluation.Contains(user.Key)))
            {
                _neededByEvaluation.Add(stage.Key);
            }
        }

        var inputs = graph.Stages.ToDictionary(stage => stage.Key, stage => stage.Inputs.Values);
        // The sort is stable: the arms of a seed keep their order. Seeds have the order of the first arm.
        var seeds = runs.Select(run => run.Seed).Distinct().ToList();
        foreach (var (place, run) in runs.OrderBy(run => seeds.IndexOf(run.Seed)).Index())
        {
            foreach (var stage in run.Stages.Values)
            {
                _firstRun.TryAdd(stage, place);
            }

            var needed = new Stack<string>(Results(run));
            while (needed.TryPop(out var stage))
            {
                // A stage that an earlier run needs keeps its place, and so do its inputs.
                if (_neededByResult.Add(stage))
                {
                    _firstRun[stage] = place;
                    foreach (var input in inputs[stage])
                    {
                        needed.Push(input);
                    }
                }
            }
        }
    }

    /// <summary>
    /// The queued stages whose inputs are complete, in start order. While an evaluation stage can run or waits only for stages without training,
    /// only stages start that are short: training waits, and so do stages that no result waits for.
    /// </summary>
    /// <param name="holds">Whether a stage, by its key, must not start yet; null: none is held.</param>
    public IReadOnlyList<StageRun> Ready(IReadOnlyDictionary<string, StageRun> runs, Func<string, bool>? holds = null)
    {
        bool IsHeld(string stage) => holds?.Invoke(stage) == true;
        bool evaluates = EvaluationIsNear(runs, IsHeld);
        long open = runs.Values.Where(IsOpen).Sum(run => run.Node.Definition.Work());
        // With a longer path than the share of one job in the remaining work, a stage would be the last to run.
        bool IsDue(StageRun run) => _jobs > 1 && Group(run.Node) == StartGroup.Other && _graph.Chain(run.Key) * _jobs >= open;
        return
        [
            .. _graph.Stages.Select(stage => runs[stage.Key])
                .Where(run => run.Status == StageStatus.Queued && !IsHeld(run.Key))
                .Where(run => run.Node.Inputs.Values.All(input => IsComplete(runs, input)))
                .Where(run => !evaluates || IsEvaluation(run.Node) || (!run.Node.Definition.Trains() && Group(run.Node) != StartGroup.Other))
                .OrderBy(run => IsDue(run) ? StartGroup.Result : Group(run.Node))
                .ThenByDescending(run => IsDue(run))
                .ThenBy(run => _firstRun.GetValueOrDefault(run.Key))
                .ThenByDescending(run => _graph.Chain(run.Key)),
        ];
    }

    private bool EvaluationIsNear(IReadOnlyDictionary<string, StageRun> runs, Func<string, bool> isHeld)
    {
        // Whether a stage still has to run and no training stage must run before it.
        var near = new Dictionary<string, bool>();
        foreach (var stage in _graph.Stages)
        {
            near[stage.Key] = !stage.Definition.Trains() && !isHeld(stage.Key)
                && stage.Inputs.Values.All(input => IsComplete(runs, input) || (IsOpen(runs[input]) && near[input]));
            if (near[stage.Key] && IsEvaluation(stage) && IsOpen(runs[stage.Key]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The stages with the results of a run; all its stages if it has none, as a recipe of a teacher has none.</summary>
    private static IEnumerable<string> Results(PlannedRun run)
    {
        string[] results = [.. run.Results()];
        return results.Length > 0 ? results : run.Stages.Values;
    }

    private StartGroup Group(StageNode stage) =>
        IsEvaluation(stage) ? StartGroup.Evaluation
        : _neededByEvaluation.Contains(stage.Key) ? StartGroup.EvaluationInput
        : _neededByResult.Contains(stage.Key) ? StartGroup.Result
        : StartGroup.Other;

    /// <summary>Whether an input is complete. A job computes part of a plan, whose other stages are complete.</summary>
    private static bool IsComplete(IReadOnlyDictionary<string, StageRun> runs, string input) =>
        !runs.TryGetValue(input, out var run) || run.Status == StageStatus.Completed;

    private static bool IsOpen(StageRun run) => run.Status is StageStatus.Queued or StageStatus.Running;

    private static bool IsEvaluation(StageNode stage) =>
        stage.Definition is FeatureStage or ReferenceStage or StatisticsStage or LadderStage or ReconstructionStage;
}

/// <summary>The groups of stages in the order in which they start.</summary>
internal enum StartGroup
{
    /// <summary>Feature network, references, ladder and reconstruction.</summary>
    Evaluation,

    /// <summary>Stages that those need.</summary>
    EvaluationInput,

    /// <summary>Stages that the result of a run needs.</summary>
    Result,

    /// <summary>All other stages.</summary>
    Other,
}

/// <summary>The stages of a plan with their edges in both directions. Inputs that the plan does not contain are complete.</summary>
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
            foreach (var input in stage.Inputs.Values.Distinct().Where(_users.ContainsKey))
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
public static class ResourceAllocation
{
    // Small networks gain little from many threads, and a plan usually has more arms and seeds than the machine has cores. A quarter of the
    // cores still uses a large machine reasonably when only a single stage runs.
    private const int Workers = 4;

    /// <summary>The number of numeric threads of each worker.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="cores">The number of processor cores.</param>
    public static int Threads(RunSettings settings, int cores) =>
        settings.Threads > 0 ? settings.Threads : 1 << BitOperations.Log2((uint)Math.Max(1, cores / Workers));

    /// <summary>
    /// The settings of one worker. With `cuda` without a number, each job gets a separate device, or one for each rank: the first free devices among
    /// those that CUDA_VISIBLE_DEVICES lists.
    /// </summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="cores">The number of processor cores.</param>
    /// <param name="place">The index of the job, from 0.</param>
    public static RunSettings Of(RunSettings settings, int cores, int place) => settings with
    {
        Threads = Threads(settings, cores),
        Jobs = Jobs(settings, cores),
        DecodeThreads = DecodeThreads(settings, cores),
        Device = settings is { Device: "cuda", Jobs: > 1 }
            ? string.Create(CultureInfo.InvariantCulture, $"cuda:{place * settings.Ranks}")
            : settings.Device,
    };

    /// <summary>The number of workers that run at the same time.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="cores">The number of processor cores.</param>
    public static int Jobs(RunSettings settings, int cores) =>
        settings.Jobs > 0 ? settings.Jobs
        : settings.Device.StartsWith("cuda", StringComparison.Ordinal) ? 1
        : Math.Max(1, cores / (Threads(settings, cores) * settings.Ranks));

    // On a GPU, the computation keeps one core busy. On a CPU, it has its own threads. Without a free core, images are decoded at the same time nevertheless.
    private static int DecodeThreads(RunSettings settings, int cores)
    {
        var onDevice = settings.Device.StartsWith("cuda", StringComparison.Ordinal);
        var computing = onDevice ? 1 : Threads(settings, cores);
        return settings.DecodeThreads > 0
            ? settings.DecodeThreads
            : Math.Max(computing, (cores / (Jobs(settings, cores) * settings.Ranks)) - computing);
    }
}
