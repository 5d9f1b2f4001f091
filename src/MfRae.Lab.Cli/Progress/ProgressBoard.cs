using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Progress;

/// <summary>Every stage of the plan that runs, in the plan's order.</summary>
public sealed class ProgressBoard(Plan plan, IReadOnlySet<string> cached)
{
    private readonly Dictionary<string, StageView> byKey =
        plan.Stages.ToDictionary(node => node.Key, node => new StageView(node, cached.Contains(node.Key)));

    public IEnumerable<StageView> Stages => plan.Stages.Select(node => byKey[node.Key]);

    public IEnumerable<StageView> Running => Stages.Where(stage => stage.Status == StageStatus.Running);

    public int Reused => Stages.Count(stage => stage.Reused);

    public int Done => Stages.Count(stage => stage.Status == StageStatus.Completed);

    public int Total => plan.Stages.Count;

    /// <summary>The stage, or null for a key that is not in the plan.</summary>
    public StageView? Find(string key) => byKey.GetValueOrDefault(key);
}
