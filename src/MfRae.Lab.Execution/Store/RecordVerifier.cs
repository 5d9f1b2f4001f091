using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;

namespace MfRae.Lab.Execution.Store;

/// <summary>
/// Re-checks what the database says of stages against the store: files against manifests by SHA-256, definition, seed and inputs
/// against the manifest, and every measurement against the journal that told it, which is one of the files.
/// </summary>
public sealed class RecordVerifier(ArtifactStore store)
{
    public StageVerification Check(StageRecord stage, CancellationToken stop = default)
    {
        if (!store.IsComplete(stage.Key))
        {
            return stage.Status == "completed"
                ? new(stage.Key, stage.Label, 0, 0, ["it counts as completed, but its files are not in the store"], null)
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
            problems.Add("the database has another definition than its manifest");
        }

        if (stage.Kind != manifest.Kind || stage.Seed != manifest.Seed || !Same(stage.Inputs, manifest.Inputs))
        {
            problems.Add("the database has another kind, seed or inputs than its manifest");
        }

        problems.AddRange(Measurements(stage));
        return new(stage.Key, stage.Label, manifest.Files.Count, manifest.Files.Sum(file => file.Size), problems, null);
    }

    /// <summary>Where this program and machine are not what the stages were computed with.</summary>
    /// <param name="here">Of this process.</param>
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

        // A manifest of before packages were recorded says nothing about them.
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
            // A database of a newer version is read without what this one does not know, and so is the journal.
            told.UnionWith(chunk.Lines.Select(line => line.Event is NewerEvent { Understood: { } known } ? known : line.Event)
                .OfType<MeasuredEvent>().Select(entry => entry.Measurement));
        }

        // Journals of earlier versions do not have device, noise and setting, which follow from the stages behind the value.
        var untold = stage.Measurements.Where(measurement =>
            !told.Contains(measurement) && !told.Contains(measurement with { Device = null, Noise = null, Setting = null }));
        return [.. problems, .. untold.Select(measurement => $"the database has a value of {measurement.Key} that no journal of the stage tells")];
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

/// <summary>What re-checking one stage found.</summary>
/// <param name="Files">Number of files that its manifest lists; 0 where it is not complete.</param>
/// <param name="Bytes">Their sizes together.</param>
/// <param name="Problems">What is not as it was recorded, a sentence each.</param>
/// <param name="Remark">Why there is nothing to check, or null.</param>
public sealed record StageVerification(string Key, string Label, int Files, long Bytes, IReadOnlyList<string> Problems, string? Remark);

/// <summary>Something about this machine or program that is not what a stage was computed with.</summary>
/// <param name="Field">tool, system, runtime, processor, or `package NAME`.</param>
/// <param name="Recorded">What the manifest says; empty where it says nothing of it.</param>
/// <param name="Here">What is here; empty where there is no such thing.</param>
/// <param name="Stages">Number of stages that were computed with it.</param>
public sealed record EnvironmentDifference(string Field, string Recorded, string Here, int Stages);
