using System.Text.Json;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Execution;

/// <summary>`spec.json` in the folder of a stage in work: what the coordinator asks of the worker.</summary>
public static class StageSpecFile
{
    public static void Write(string folder, StageSpec spec) =>
        AtomicFile.Write(
            Path.Combine(folder, ArtifactStore.SpecName),
            JsonSerializer.SerializeToUtf8Bytes(spec, LabJson.Default.StageSpec));

    /// <exception cref="LabException">There is no such file, or it holds something else.</exception>
    public static StageSpec Read(string folder)
    {
        var path = Path.Combine(folder, ArtifactStore.SpecName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), LabJson.Default.StageSpec) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path} cannot be read: {e.Message}; the coordinator writes it before it starts a worker", e);
        }
    }
}
