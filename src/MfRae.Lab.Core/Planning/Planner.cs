using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Planning;

/// <summary>Turns an experiment into a plan. A pure function, except for the contents of the files that options name.</summary>
public static class Planner
{
    /// <summary>The plan of an experiment.</summary>
    /// <param name="contentHash">Path in the options → SHA-256 of the file; called once per path. See <see cref="FileHash.In"/>.</param>
    public static Plan Build(Experiment experiment, Func<string, string> contentHash)
    {
        var graph = new PlanGraph(contentHash);
        var runs = new List<PlannedRun>();
        foreach (var arm in experiment.Arms)
        {
            foreach (long seed in experiment.Seeds.Concat(experiment.PilotSeeds ?? []))
            {
                var stages = new RunPlanner(graph, experiment.Evaluation, arm.Options, seed).Build();
                runs.Add(new PlannedRun(RunId(arm.Name, seed, stages), arm.Name, seed, stages, !experiment.Seeds.Contains(seed)));
            }
        }

        var labels = StageLabels.Of(runs);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', runs.Select(run => run.Id)))));
        return new Plan(experiment, [.. graph.Stages.Select(stage => stage with { Label = labels[stage.Key] })], runs, hash);
    }

    private static string RunId(string arm, long seed, IReadOnlyDictionary<string, string> stages) => CanonicalJson.Hash(new JsonObject
    {
        ["arm"] = arm,
        ["seed"] = seed,
        ["stages"] = StageKey.Object(stages),
    });
}

/// <summary>The stages of a plan under construction: each stage once, inputs before users.</summary>
/// <param name="contentHash">Path in the options → SHA-256 of the file.</param>
internal sealed class PlanGraph(Func<string, string> contentHash)
{
    private readonly Dictionary<string, string> _hashes = [];
    private readonly HashSet<string> _keys = [];
    private readonly List<StageNode> _stages = [];

    public IReadOnlyList<StageNode> Stages => _stages;

    /// <summary>Adds a stage unless the plan has an equal stage, and returns its key.</summary>
    public string Add(StageDefinition definition, long? seed, IReadOnlyDictionary<string, string> inputs)
    {
        string kind = KindOf(definition);
        var files = definition.Files().ToDictionary(path => path, HashOnce);
        string key = StageKey.Of(definition, kind, definition.Revision(), seed, inputs, files);
        if (_keys.Add(key))
        {
            _stages.Add(new StageNode(key, kind, kind, definition, seed, inputs, files));
        }

        return key;
    }

    /// <summary>The discriminator that the definition is serialised with.</summary>
    private static string KindOf(StageDefinition definition) =>
        JsonSerializer.SerializeToNode(definition, LabJson.Default.StageDefinition)!["stage"]!.GetValue<string>();

    private string HashOnce(string path)
    {
        if (!_hashes.TryGetValue(path, out string? hash))
        {
            _hashes[path] = hash = contentHash(path);
        }

        return hash;
    }
}
