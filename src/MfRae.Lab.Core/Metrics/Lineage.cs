using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core.Metrics;

/// <summary>
/// The stages behind a value, which determine the fields of its identity that no stage computes: device, noise and setting. Workers add them to
/// new measurements and readers to records of earlier versions. Both use this class, so equal computations have equal identities.
/// </summary>
/// <param name="find">Returns a stage by its key, or null if the stage is unknown.</param>
public sealed class Lineage(Func<string, StageFacts?> find)
{
    private const int MostRevisions = 16;

    private readonly Dictionary<string, StageFacts?> _known = [];
    private readonly Dictionary<string, string> _devices = [];
    private readonly Dictionary<string, string> _recipes = [];
    private readonly Dictionary<string, int> _revisions = [];

    /// <summary>The stages of a record.</summary>
    public static Lineage Of(ExperimentRecord record)
    {
        var stages = record.Stages.ToDictionary(stage => stage.Key);
        return new(key => stages.TryGetValue(key, out var stage) ? StageFacts.Of(stage) : null);
    }

    /// <summary>The measurement with its complete identity; existing fields are kept.</summary>
    /// <param name="stage">The stage that measured it.</param>
    public Measurement Complete(Measurement measurement, StageFacts stage) => measurement with
    {
        Device = measurement.Device ?? (IsArithmetic(measurement) ? "" : Behind(stage)),
        Noise = measurement.Noise ?? MeasurementSetting.NoiseOf(measurement, stage, this),
        Setting = measurement.Setting ?? MeasurementSetting.Of(measurement, stage, this),
    };

    /// <summary>A stage by its key, or null if the stage is unknown.</summary>
    public StageFacts? Find(string? key)
    {
        if (key is null)
        {
            return null;
        }

        if (!_known.TryGetValue(key, out var stage))
        {
            _known[key] = stage = find(key);
        }

        return stage;
    }

    /// <summary>The stage that made an input, or null.</summary>
    public StageFacts? Input(StageFacts? stage, string name) => Find(stage?.Inputs.GetValueOrDefault(name));

    /// <summary>Device classes of a stage and of all computed stages upstream; empty if none was computed.</summary>
    public string Devices(StageFacts stage)
    {
        if (stage.Total is { } total)
        {
            return total;
        }

        if (!_devices.TryGetValue(stage.Key, out var set))
        {
            // A database may come from another source: this ends cycles of inputs.
            _devices[stage.Key] = "";
            _devices[stage.Key] = set = DeviceClass.Join([DeviceClass.Added(stage), .. Upstream(stage)]);
        }

        return set;
    }

    /// <summary>
    /// An identity of a stage's output that is the same for all seeds of a run: its key if it does not depend on a seed, otherwise a hash of
    /// the definition, the revision, the files and the recipes of the inputs.
    /// </summary>
    public string Recipe(string key)
    {
        if (_recipes.TryGetValue(key, out var recipe))
        {
            return recipe;
        }

        _recipes[key] = key;
        return Find(key) is { } stage && IsSeeded(stage) ? _recipes[key] = CanonicalJson.Hash(new JsonObject
        {
            ["kind"] = stage.Kind,
            ["revision"] = Revision(stage),
            ["options"] = Node(stage.Definition),
            ["inputs"] = StageKey.Object(stage.Inputs.ToDictionary(input => input.Key, input => Recipe(input.Value))),
            ["files"] = StageKey.Object(stage.Files),
            ["seed"] = stage.Seed is null ? null : "run",
        }) : key;
    }

    /// <summary>The revision of the code that made the stage, which only its key contains; 0 if the record lacks a part of the key.</summary>
    public int Revision(StageFacts stage)
    {
        if (!_revisions.TryGetValue(stage.Key, out int known))
        {
            _revisions[stage.Key] = known = Enumerable.Range(1, MostRevisions).FirstOrDefault(revision => stage.Key == StageKey.Of(
                Node(stage.Definition), stage.Kind, revision, stage.Seed is { } seed ? JsonValue.Create(seed) : null, stage.Inputs, stage.Files));
        }

        return known;
    }

    private string Behind(StageFacts stage)
    {
        var set = DeviceClass.Join([DeviceClass.Measuring(stage), .. Upstream(stage)]);
        return set.Length > 0 ? set : DeviceClass.Cpu;
    }

    private IEnumerable<string> Upstream(StageFacts stage) => stage.Inputs.Values.Select(Find).OfType<StageFacts>().Select(Devices);

    // Calculated from the sizes of networks, or read from a card, on no device.
    private static bool IsArithmetic(Measurement measurement) =>
        measurement.Metric is MetricNames.GeneratorGflops or MetricNames.DecoderGflops
            or MetricNames.PretrainingSteps or MetricNames.PretrainingSamples or MetricNames.PretrainingCpuSeconds;

    private bool IsSeeded(StageFacts stage) =>
        stage.Seed is not null || stage.Inputs.Values.Any(input => Recipe(input) != input);

    private static JsonObject? Node(JsonElement definition) =>
        definition.ValueKind == JsonValueKind.Object ? JsonObject.Create(definition) : null;
}
