using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Core;

/// <summary>The serialiser context of all records. Strict: unknown, duplicate, null and missing properties are errors.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowOutOfOrderMetadataProperties = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(LabOptions))]
[JsonSerializable(typeof(EvaluationOptions))]
[JsonSerializable(typeof(StageDefinition))]
[JsonSerializable(typeof(StageSpec))]
[JsonSerializable(typeof(JournalLine))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(DroppedFiles))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(ClusterProfile))]
[JsonSerializable(typeof(JobArray))]
[JsonSerializable(typeof(JobExit))]
[JsonSerializable(typeof(PlanRecord))]
[JsonSerializable(typeof(Annotations))]
[JsonSerializable(typeof(CapsuleIndex))]
[JsonSerializable(typeof(LoggedRun))]
[JsonSerializable(typeof(ExportIndex))]
[JsonSerializable(typeof(GeneratorNetworkOptions))]
[JsonSerializable(typeof(DitOptions))]
[JsonSerializable(typeof(PlainDitOptions))]
[JsonSerializable(typeof(VitOptions))]
[JsonSerializable(typeof(DecoderNetworkOptions))]
[JsonSerializable(typeof(Dinov2Options))]
[JsonSerializable(typeof(MaeDecoderOptions))]
[JsonSerializable(typeof(AutoencoderKlOptions))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<Contrast>))]
public sealed partial class LabJson : JsonSerializerContext;

/// <summary>
/// Reads records that a newer version of the program may have written. Unknown properties are skipped; a format number above the known
/// one is an error. An older program so neither misreads newer records nor considers them damaged.
/// </summary>
public static class VersionedJson
{
    private static readonly LabJson Tolerant =
        new(new JsonSerializerOptions(LabJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip });

    /// <summary>Deserialises and skips properties that the type does not have.</summary>
    /// <exception cref="JsonException">A known property is missing or has another type, or this is not JSON.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json)
        where T : class =>
        JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Tolerant.GetTypeInfo(typeof(T))!) ?? throw new JsonException("null");

    /// <summary>Whether all properties of the record are known to this version.</summary>
    public static bool IsKnown<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)LabJson.Default.GetTypeInfo(typeof(T))!) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Throws if the `format` of a record is above the known one. Text that is not an object with a format is accepted.</summary>
    /// <param name="path">The path of the record, for the message.</param>
    /// <exception cref="LabException">A newer version of the program wrote it.</exception>
    public static void RefuseNewer(string path, ReadOnlySpan<byte> json, int known)
    {
        long? format = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (JsonDocument.TryParseValue(ref reader, out var document))
            {
                using (document)
                {
                    format = document.RootElement.ValueKind == JsonValueKind.Object
                        && document.RootElement.TryGetProperty("format", out var value)
                        && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
                            ? number
                            : null;
                }
            }
        }
        catch (JsonException)
        {
            // The caller reads the record next and reports the error.
        }

        if (format > known)
        {
            throw new LabException($"{path} has format {format}; this version reads {known}: update the program. The file was not changed.");
        }
    }

    /// <summary>
    /// The new record with the properties of the old record that this version does not know. Elements of arrays correspond by their index.
    /// </summary>
    public static JsonNode? Update(JsonNode? old, JsonNode? now)
    {
        switch (old, now)
        {
            case (JsonObject before, JsonObject after):
                foreach (var (name, value) in before)
                {
                    after[name] = after.TryGetPropertyValue(name, out var known) ? Update(value, Detach(after, name, known)) : value?.DeepClone();
                }

                return after;
            case (JsonArray before, JsonArray after) when before.Count == after.Count:
                for (var i = 0; i < after.Count; i++)
                {
                    var item = after[i];
                    after[i] = null;
                    after[i] = Update(before[i], item);
                }

                return after;
            default:
                return now;
        }
    }

    // A node that has a parent cannot be added to another.
    private static JsonNode? Detach(JsonObject parent, string name, JsonNode? node)
    {
        parent[name] = null;
        return node;
    }
}
