using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Predicts the bytes that the stages of a plan write, from the manifests of complete stages: the size of a stage with the same options, under any
/// seed, else the median of its kind. The size of samples is proportional to their work (<see cref="StageDefinition.Work"/>).
/// </summary>
public sealed class SpaceForecast
{
    // Predictions use the latest stages of a large store.
    private const int Most = 2000;

    private readonly Dictionary<string, long> _ofOptions = [];
    private readonly Dictionary<string, List<double>> _ofKind = [];

    /// <summary>Reads the manifests of a store. A manifest that cannot be read is passed over.</summary>
    public SpaceForecast(ArtifactStore store)
    {
        foreach (var key in store.CompleteKeys().OrderByDescending(key => Directory.GetLastWriteTimeUtc(store.CompleteFolder(key))).Take(Most))
        {
            try
            {
                var manifest = store.ReadManifest(key);
                if (StageDefinition.Of(manifest.Definition.GetRawText()) is not { } definition)
                {
                    continue;
                }

                var bytes = manifest.Files.Sum(file => file.Size);
                _ofOptions.TryAdd(JsonSerializer.Serialize(definition, LabJson.Default.StageDefinition), bytes);
                if (!_ofKind.TryGetValue(manifest.Kind, out var sizes))
                {
                    _ofKind[manifest.Kind] = sizes = [];
                }

                sizes.Add(bytes / Unit(definition));
            }
            catch (LabException)
            {
                // `verify` reports it.
            }
        }

        foreach (var sizes in _ofKind.Values)
        {
            sizes.Sort();
        }
    }

    /// <summary>The bytes that a stage writes; null without an earlier stage of its kind.</summary>
    public long? Of(StageNode stage)
    {
        if (_ofOptions.TryGetValue(JsonSerializer.Serialize(stage.Definition, LabJson.Default.StageDefinition), out var bytes))
        {
            return bytes;
        }

        return _ofKind.TryGetValue(stage.Kind, out var sizes) ? (long)(sizes[sizes.Count / 2] * Unit(stage.Definition)) : null;
    }

    private static double Unit(StageDefinition definition) => definition is SamplingStage or EndPointStage ? definition.Work() : 1;
}
