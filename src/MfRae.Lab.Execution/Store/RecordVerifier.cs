using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Compares the database with the store: files with manifests by SHA-256; definition, seed and inputs with the manifest; and every
/// measurement with its journal, which is one of the files.
/// </summary>
public sealed class RecordVerifier(ArtifactStore store)
{
    /// <summary>Checks one stage.</summary>
    public StageVerification Check(StageRecord stage, CancellationToken stop = default)
    {
        if (!store.IsComplete(stage.Key))
        {
            return stage.Status == "completed"
                ? new(stage.Key, stage.Label, 0, 0, ["the database says that it is completed, but its files are not in the store"], null)
                : new(stage.Key, stage.Label, 0, 0, [], $"{stage.Status}: nothing to check");
        }

        List<string> problems = [];
        Manifest manifest;
        try
        {
            problems.AddRange(store.Verify(stage.Key, stop).Problems);
            manifest = store.ReadManifest(stage.Key);
        }
        catch (LabException error)
        {
            return new(stage.Key, stage.Label, 0, 0, problems.Count > 0 ? problems : [error.Message], null);
        }

        if (!SameDefinition(stage.DefinitionJson, manifest.Definition))
        {
            problems.Add("the definition in the database differs from the manifest");
        }

        if (stage.Kind != manifest.Kind || stage.Seed != manifest.Seed || !Same(stage.Inputs, manifest.Inputs))
        {
            problems.Add("kind, seed or inputs in the database differ from the manifest");
        }

        problems.AddRange(Measurements(stage));
        var dropped = store.DroppedFiles(stage.Key);
        var names = dropped.Select(file => file.Name).ToHashSet();
        var files = manifest.Files.Where(file => !names.Contains(file.Name)).ToList();
        return new(
            stage.Key, stage.Label, files.Count, files.Sum(file => file.Size), problems,
            dropped.Count == 0 ? null : $"ok; {string.Join(", ", names)} {(names.Count == 1 ? "was" : "were")} dropped");
    }

    /// <summary>Lists the differences between the environment of this process and the environments of the stages.</summary>
    /// <param name="recorded">The environments of the stages.</param>
    /// <param name="here">The environment of this process.</param>
    public static IReadOnlyList<EnvironmentDifference> Differences(IEnumerable<Provenance> recorded, Provenance here) =>
    [
        .. recorded.SelectMany(then => Fields(then, here))
            .GroupBy(field => field)
            .Select(group => new EnvironmentDifference(group.Key.Field, group.Key.Recorded, group.Key.Here, group.Count()))
            .OrderBy(difference => difference.Field.StartsWith("package", StringComparison.Ordinal))
            .ThenBy(difference => difference.Field, StringComparer.Ordinal)
            .ThenBy(difference => difference.Recorded, StringComparer.Ordinal),
    ];

    private static IEnumerable<(string Field, string Recorded, string Here)> Fields(Provenance then, Provenance here)
    {
        var fields = new List<(string Field, string Recorded, string Here)>
        {
            ("tool", then.Tool, here.Tool),
            ("system", then.System, here.System),
            ("runtime", then.Runtime, here.Runtime),
        };
        if (then.Processor is { } processor && here.Processor is { } present)
        {
            fields.Add(("processor", processor, present));
        }

        // Old manifests do not list packages.
        if (then.Packages is { Count: > 0 } packages && here.Packages is { } mine)
        {
            fields.AddRange(packages.Keys.Union(mine.Keys)
                .Select(name => ($"package {name}", packages.GetValueOrDefault(name, ""), mine.GetValueOrDefault(name, ""))));
        }

        return fields.Where(field => field.Recorded != field.Here);
    }

    private IEnumerable<string> Measurements(StageRecord stage)
    {
        if (stage.Measurements.Count == 0)
        {
            return [];
        }

        var told = new HashSet<Measurement>();
        var problems = new List<string>();
        foreach (var journal in JournalFile.In(store.CompleteFolder(stage.Key)))
        {
            var chunk = JournalReader.ReadUpToProblem(journal.Path, out var problem);
            problems.AddRange(problem is null ? [] : [problem]);
            // Unknown fields of newer versions are skipped in the database and in the journal.
            told.UnionWith(chunk.Lines.Select(line => line.Event is NewerEvent { Understood: { } known } ? known : line.Event)
                .OfType<MeasuredEvent>().Select(entry => entry.Measurement));
        }

        // Journals from earlier versions lack device, noise and setting, which follow from the stages that led to the value.
        var untold = stage.Measurements.Where(measurement =>
            !told.Contains(measurement) && !told.Contains(measurement with { Device = null, Noise = null, Setting = null }));
        return [.. problems, .. untold.Select(measurement => $"the database has a value of {measurement.Key} that no journal of the stage has")];
    }

    private static bool SameDefinition(string database, JsonElement manifest)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(database), JsonObject.Create(manifest));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count == other.Count && one.All(pair => other.GetValueOrDefault(pair.Key) == pair.Value);
}

/// <summary>The result of checking one stage.</summary>
/// <param name="Key">The key of the stage.</param>
/// <param name="Label">The label of the stage.</param>
/// <param name="Files">The number of files in its manifest that it has not dropped; 0 for an incomplete stage.</param>
/// <param name="Bytes">The total size of the files, in bytes.</param>
/// <param name="Problems">A sentence for each difference.</param>
/// <param name="Remark">The reason why the stage cannot be checked, or the files that it has dropped; otherwise null.</param>
public sealed record StageVerification(string Key, string Label, int Files, long Bytes, IReadOnlyList<string> Problems, string? Remark);

/// <summary>A difference between this environment and the environment of stages.</summary>
/// <param name="Field">tool, system, runtime, processor, or `package NAME`.</param>
/// <param name="Recorded">The value in the manifest; empty if it is missing.</param>
/// <param name="Here">The value of this process; empty if it is missing.</param>
/// <param name="Stages">The number of stages with the recorded value.</param>
public sealed record EnvironmentDifference(string Field, string Recorded, string Here, int Stages);
