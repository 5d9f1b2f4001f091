using System.Text.Json;

namespace MfRae.Lab.Core.Planning;

/// <summary>The stages of a plan while it is built: each once, inputs before users.</summary>
/// <param name="contentHash">Path in the options → SHA-256 of the file.</param>
internal sealed class PlanGraph(Func<string, string> contentHash)
{
    private readonly Dictionary<string, string> _hashes = [];
    private readonly HashSet<string> _keys = [];
    private readonly List<StageNode> _stages = [];

    public IReadOnlyList<StageNode> Stages => _stages;

    /// <summary>Adds the stage unless an equal one is there, and returns its key.</summary>
    public string Add(StageDefinition definition, long? seed, IReadOnlyDictionary<string, string> inputs)
    {
        string kind = KindOf(definition);
        var files = StageFiles.Of(definition).ToDictionary(path => path, HashOnce);
        string key = StageKey.Of(definition, kind, StageRevisions.Of(kind), seed, inputs, files);
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
