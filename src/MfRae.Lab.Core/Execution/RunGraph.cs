using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Execution;

/// <summary>A plan's stages with the edges in both directions.</summary>
internal sealed class RunGraph
{
    private readonly Dictionary<string, List<StageNode>> users;
    private readonly Dictionary<string, long> chains = [];

    public RunGraph(IReadOnlyList<StageNode> stages)
    {
        Stages = stages;
        users = stages.ToDictionary(stage => stage.Key, _ => new List<StageNode>());
        foreach (var stage in stages)
        {
            foreach (var input in stage.Inputs.Values.Distinct())
            {
                users[input].Add(stage);
            }
        }

        foreach (var stage in stages.Reverse())
        {
            chains[stage.Key] = StageWork.Of(stage.Definition) + users[stage.Key].Select(user => chains[user.Key]).DefaultIfEmpty(0L).Max();
        }
    }

    /// <summary>Inputs before users.</summary>
    public IReadOnlyList<StageNode> Stages { get; }

    public IReadOnlyList<StageNode> Users(string key) => users[key];

    /// <summary>Work on the longest way from this stage, included, to an end of the plan (<see cref="StageWork"/>).</summary>
    public long Chain(string key) => chains[key];
}
