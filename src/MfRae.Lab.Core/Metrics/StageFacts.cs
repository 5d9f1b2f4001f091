using System.Text.Json;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Metrics;

/// <summary>The facts about a stage that the identity of a value depends on.</summary>
/// <param name="Definition">The stored definition with all options; undefined if the text is not JSON.</param>
/// <param name="Inputs">Input name → key.</param>
/// <param name="Files">Path in the options → SHA-256; empty if it was not recorded.</param>
/// <param name="Devices">Devices of the attempts that made the stage: cpu, cuda:0, ….</param>
/// <param name="Total">Device classes of the stage and of all computed stages upstream, if a manifest contains them; otherwise null.</param>
public sealed record StageFacts(
    string Key,
    string Kind,
    JsonElement Definition,
    long? Seed,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyDictionary<string, string> Files,
    IReadOnlyList<string> Devices,
    string? Total = null)
{
    private static readonly Dictionary<string, string> NoFiles = [];

    /// <summary>The facts about a stage of a plan.</summary>
    public static StageFacts Of(StageNode node, IReadOnlyList<string> devices) => new(
        node.Key,
        node.Kind,
        JsonSerializer.SerializeToElement(node.Definition, LabJson.Default.StageDefinition),
        node.Seed,
        node.Inputs,
        node.Files ?? NoFiles,
        devices);

    /// <summary>The facts about a completed stage of the store.</summary>
    public static StageFacts Of(Manifest manifest) => new(
        manifest.Key,
        manifest.Kind,
        manifest.Definition,
        manifest.Seed,
        manifest.Inputs,
        manifest.Provenance.Files ?? NoFiles,
        [manifest.Provenance.Device],
        manifest.Provenance.Devices);

    /// <summary>The facts about a stage of the database.</summary>
    /// <param name="files">Path in the options → SHA-256, or null if it was not recorded.</param>
    public static StageFacts Of(
        string key,
        string kind,
        string definition,
        long? seed,
        IReadOnlyDictionary<string, string> inputs,
        IReadOnlyDictionary<string, string>? files,
        IReadOnlyList<string> devices) => new(key, kind, Parse(definition), seed, inputs, files ?? NoFiles, devices);

    /// <summary>A stage of a record, with the devices of its last attempt and of the attempts that it resumed.</summary>
    public static StageFacts Of(StageRecord stage)
    {
        var devices = new List<string>();
        foreach (var attempt in stage.Attempts)
        {
            if (attempt.ResumedFrom is null && attempt.Status is not ("failed" or "killed" or "outOfMemory"))
            {
                devices.Clear();
            }

            devices.Add(attempt.Device);
        }

        var files = stage.Attempts.LastOrDefault(attempt => attempt.Origin is not null)?.Origin!.Files;
        return Of(stage.Key, stage.Kind, stage.DefinitionJson, stage.Seed, stage.Inputs, files, devices);
    }

    /// <summary>An option of the definition, or null.</summary>
    public JsonElement? Option(string name) => Property(Definition, name);

    /// <summary>A property of an object, or null if it is missing or null.</summary>
    public static JsonElement? Property(JsonElement? owner, string name) =>
        owner is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null
            ? found
            : null;

    /// <summary>A string of an object, or null.</summary>
    public static string? Text(JsonElement? owner, string name) =>
        Property(owner, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement Parse(string json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            // A database may come from another source: such a stage has no known options.
            return default;
        }
    }
}

/// <summary>
/// The class of a device, which is part of the identity of a value: `cpu` or `cuda`, without the number of the GPU. A value that depends on
/// several stages has the set of their classes: `cpu+cuda`.
/// </summary>
public static class DeviceClass
{
    /// <summary>The class of the CPU.</summary>
    public const string Cpu = "cpu";

    private const char Separator = '+';

    // The stages that can import a network instead of training it, with the kinds of options that train.
    private static readonly Dictionary<string, string[]> Trained = new()
    {
        ["features"] = ["inception"],
        ["encoder"] = ["selfSupervised", "variational"],
        ["decoder"] = ["rae"],
        ["teacher"] = ["flowMatching"],
    };

    /// <summary>`cuda` for `cuda:1`; empty if the device is unknown.</summary>
    public static string Of(string device) => device.Split(':')[0];

    /// <summary>The union of classes or sets as one string.</summary>
    public static string Join(IEnumerable<string> sets) => string.Join(
        Separator,
        sets.SelectMany(set => set.Split(Separator, StringSplitOptions.RemoveEmptyEntries)).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The classes that a stage adds to all values downstream; empty if it only imports or indexes files.</summary>
    public static string Added(StageFacts stage) => IsComputed(stage) ? Measuring(stage) : "";

    /// <summary>The classes that the stage itself ran on. An oracle evaluation always runs on the CPU.</summary>
    public static string Measuring(StageFacts stage) => stage.Kind == "oracleEvaluation" ? Cpu : Join(stage.Devices.Select(Of));

    private static bool IsComputed(StageFacts stage)
    {
        // The device on which another program made samples is unknown, and taking them computes nothing.
        if (stage.Kind is "dataset" or ExternalSamplingStage.Kind)
        {
            return false;
        }

        var options = stage.Option(stage.Kind);
        if (options is not { ValueKind: JsonValueKind.Object } || StageFacts.Text(options, "kind") is not { } kind)
        {
            return true;
        }

        // Imported statistics of latents count only if the stage also encodes the training set.
        return stage.Kind == "latents" ? kind != "pretrained" || StageFacts.Text(options, "cache") != "none"
            : !Trained.TryGetValue(stage.Kind, out string[]? trains) || trains.Contains(kind);
    }
}
